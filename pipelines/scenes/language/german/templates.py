"""German sentences."""

from __future__ import annotations

from pipelines.scenes.language.grammar import Story

CAPTIONS = {
    "relation": (
        "{a:ein nom} befindet sich {rel}.",
        "{rel} befindet sich {a:ein nom}.",
        "{a:ein nom} ist {rel} zu sehen.",
        "{rel} ist {a:ein nom} zu sehen.",
        "{rel} sieht man {a:ein acc}.",
        "man sieht {a:ein acc} {rel}.",
        "das Bild zeigt {a:ein acc} {rel}.",
        "auf dem Bild ist {a:ein nom} {rel} zu sehen.",
    ),
    "beside": ("{a:ein nom} {a:steht|liegt} {rel}.", "{rel} {a:steht|liegt} {a:ein nom}."),
    "relation_place": (
        "{place} befindet sich {a:ein nom} {rel}.",
        "{place} ist {a:ein nom} {rel} zu sehen.",
        "{place} sieht man {rel} {a:ein acc}.",
        "man sieht {place} {a:ein acc} {rel}.",
        "{place} sieht man {b:ein acc} und {side} {a:ein acc}.",
        "{place} ist {b:ein nom} zu sehen, {side} {a:ein nom}.",
    ),
    "pair": (
        "{a:ein nom} und {b:ein nom} sind {place} zu sehen.",
        "{place} sind {a:ein nom} und {b:ein nom} zu sehen.",
        "{place} sieht man {a:ein acc} und {b:ein acc}.",
        "{place} befinden sich {a:ein nom} und {b:ein nom}.",
        "das Bild zeigt {a:ein acc} und {b:ein acc} {place}.",
        "{place} gibt es {a:ein acc} und {b:ein acc}.",
    ),
    "triple": (
        "{place} sind {a:ein nom}, {b:ein nom} und {c:ein nom} zu sehen.",
        "{place} sieht man {a:ein acc}, {b:ein acc} und {c:ein acc}.",
        "das Bild zeigt {a:ein acc}, {b:ein acc} und {c:ein acc} {place}.",
    ),
    "two_things": (
        "{place} sind zwei Dinge zu sehen: {a:ein nom} und {b:ein nom}.",
        "{place} gibt es zwei Dinge, {a:ein acc} und {b:ein acc}.",
    ),
    "three_things": (
        "{place} sind drei Dinge zu sehen: {a:ein nom}, {b:ein nom} und {c:ein nom}.",
        "{place} gibt es drei Dinge: {a:ein acc}, {b:ein acc} und {c:ein acc}.",
    ),
    "single": (
        "{place} ist {a:ein nom} zu sehen.",
        "{a:ein nom} befindet sich {place}.",
        "{place} gibt es {a:ein acc}.",
        "man sieht {a:ein acc} {place}.",
    ),
}
HYPOTHESES = {
    "exists": (
        "auf dem Bild ist {a:ein nom} zu sehen.",
        "das Bild zeigt {a:ein acc}.",
        "auf dem Bild gibt es {a:ein acc}.",
    ),
    "none": ("auf dem Bild gibt es {a:kein acc}.", "auf dem Bild ist {a:kein nom} zu sehen."),
    "colour_is": ("{a:der nom} ist {b:colour}.", "auf dem Bild ist {a:der nom} {b:colour}."),
    "size_is": ("{a:der nom} ist {b:size}.", "auf dem Bild ist {a:der nom} {b:size}."),
}
QUERIES = {
    "relation": (
        "{a:bare nom} {rel:bare}",
        "{a:bare nom} {rel}",
        "bild von {a:ein dat} {rel}",
        "bild {a:bare nom} und {b:bare nom}",
        "{a:bare nom} mit {b:bare dat}",
        "wo ist {a:ein nom} {rel}",
    ),
    "pair": (
        "{a:bare nom} und {b:bare nom} {place}",
        "{a:bare nom} und {b:bare nom}",
        "{a:bare nom} {b:bare nom} {place}",
        "foto {a:bare nom} {b:bare nom}",
    ),
    "single": (
        "{a:bare nom} {place}",
        "bild von {a:ein dat} {place}",
        "bild {a:bare nom} {place} kostenlos",
        "wie malt man {a:ein acc}",
    ),
    "short": ("{a:bare nom}", "{a:bare nom} bild", "{a:bare nom plural}"),
}
TITLES = (
    "Bild: {a:bare nom} und {b:bare nom} | {site}",
    "{a:ein nom} und {b:ein nom} {place} – {site}",
    "{a:bare nom} mit {b:bare dat} {place} | {site}",
    "{site}: {a:ein nom} {place}",
    "{place}: {a:bare nom} und {b:bare nom} – Fotos bei {site}",
    "kostenloses Bild von {a:ein dat} und {b:ein dat} – {site}",
    "{a:bare nom plural} und andere Bilder | {site}",
)
SITES = ("Imagola", "Bilderscheune", "Klickwiese", "Pixelkammer", "Schaukessel")
TEXT = (
    "gestern haben wir {place} {a:ein acc} gesehen.",
    "gestern haben wir {place} {a:ein acc} gesehen. {a:Er/Sie/Es} war {rel}.",
    "gibt es {rel} {a:ein acc}?",
    "wo ist {a:der nom}?",
    "wohin hast du {a:der acc} und {b:der acc} gelegt?",
    "ist {a:der nom} größer als {b:der nom}?",
    "{a:der nom} ist größer als {b:der nom}.",
    "{a:der nom} ist kleiner als {b:der nom}, aber {a:er/sie/es} gefällt mir besser.",
    "ich mag {a:bare acc plural}, aber {b:kein acc plural}.",
    "ich hätte lieber {a:ein acc} als {b:ein acc}.",
    "meine Schwester wünscht sich {a:ein acc} zum Geburtstag.",
    "mein Bruder hat {a:ein acc} {rel} gezeichnet.",
    "die Kinder haben {a:ein acc} {place} gemalt.",
    "gefallen dir {a:bare nom plural} besser als {b:bare nom plural}?",
    "{place} sind zwei {a:bare nom plural} und drei {b:bare nom plural} zu sehen.",
    "{place} sieht man vier {a:bare acc plural} in einer Reihe.",
    "niemand hat heute {a:der acc} gesehen.",
    "wenn es regnet, ist {a:der nom} nicht mehr {place}.",
    "am Morgen war {a:der nom} noch {place}.",
    "sie fragte, ob {a:der nom} {rel:der} sei.",
    "er suchte {a:ein acc} und fand {b:ein acc}.",
    "es war einmal {a:ein nom}. {a:Er/Sie/Es} war {rel} und wartete auf {c:ein acc}.",
    "wir gingen spazieren und sahen {place} plötzlich {a:ein acc}.",
    "unsere Nachbarn haben {a:ein acc} und {b:ein acc}.",
    "wer genau hinschaut, findet {rel} {a:ein acc}.",
    "{a:bare nom plural} sind seltener als {b:bare nom plural}.",
    "die Lehrerin zeigte uns {a:ein acc}, {b:ein acc} und {c:ein acc}.",
    "{a:der nom} ist so schön wie {b:der nom}.",
    "bring mir bitte {a:der acc} und nicht {b:der acc}.",
    "was ist teurer, {a:der nom} oder {b:der nom}?",
    "ich habe von {a:ein dat} {place} geträumt.",
    "warum ist {a:der nom} nicht {rel:der}?",
    "zuerst zeichnete sie {a:ein acc}, dann {b:ein acc} und zuletzt {c:ein acc}.",
    "im Museum hängt ein Gemälde mit {a:ein dat} und {b:ein dat}.",
    "{place} gibt es {a:kein acc plural}.",
    "das Kind spielt mit {a:der dat} und {b:der dat}.",
    "wir träumen von {a:bare dat plural}.",
)
STORIES = (
    Story(
        ("{a:bare nom} {place} gefunden", "Spaziergänger finden {a:bare acc}", "wer vermisst {a:ein acc}?"),
        (
            (
                "am Montagmorgen haben Spaziergänger {place} {a:ein acc} gefunden.",
                "am Wochenende entdeckte eine Familie {place} {a:ein acc}.",
            ),
            ("{a:er/sie/es} befand sich {rel}.", "direkt daneben war {b:ein nom} zu sehen."),
            ("bisher weiß niemand, wem {a:er/sie/es} gehört.", "die Stadt sucht nun die Besitzer."),
            ("Hinweise nimmt das Rathaus entgegen.", "bis dahin bleibt der Fund im Rathaus."),
        ),
    ),
    Story(
        ("Stadt bekommt {a:ein acc}", "{a:bare nom} begeistert Besucher", "neu in der Stadt: {a:ein nom}"),
        (
            ("seit Freitag gibt es {place} {a:ein acc}.", "die Stadt hat eine neue Attraktion: {a:ein acc}."),
            ("viele Besucher haben schon Fotos gemacht.", "vor allem die Kinder sind begeistert."),
            ("im nächsten Jahr soll {b:ein nom} dazukommen.", "bald soll es dort auch {b:ein acc} geben."),
            ("die Bürgermeisterin sprach von einem guten Tag für die Stadt.", "der Eintritt ist frei."),
        ),
    ),
    Story(
        ("Sturm reißt {a:bare acc} mit", "{a:bare nom} nach Sturm verschwunden", "Sturm: {a:bare nom} verschwunden"),
        (
            (
                "beim Sturm am Sonntag ist {a:ein nom} verschwunden.",
                "ein Sturm hat am Sonntag {a:ein acc} mitgerissen.",
            ),
            ("{place} blieb nur {b:ein nom} zurück.", "auch {b:ein nom} wurde beschädigt."),
            ("verletzt wurde niemand.", "zum Glück war niemand in der Nähe."),
            ("für die nächsten Tage erwartet der Wetterdienst ruhiges Wetter.", "die Suche geht morgen weiter."),
        ),
    ),
    Story(
        (
            "Schulklasse malt {a:bare acc}",
            "Kinder zeigen {a:bare acc} und {b:bare acc}",
            "Ausstellung zeigt {a:bare acc}",
        ),
        (
            ("eine Schulklasse hat ein großes Bild mit {a:ein dat} gemalt.", "Schüler zeigen diese Woche ihre Bilder."),
            ("zu sehen sind {a:ein nom} und {b:ein nom}.", "auf dem schönsten Bild sieht man {a:ein acc} {rel}."),
            ("die Arbeit dauerte drei Wochen.", "jedes Kind durfte sich eine Farbe aussuchen."),
            ("die Ausstellung ist bis Sonntag geöffnet.", "die Bilder hängen in der Bücherei."),
        ),
    ),
)
