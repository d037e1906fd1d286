"""Italian sentences."""

from __future__ import annotations

from pipelines.scenes.language.grammar import Story

CAPTIONS = {
    "relation": (
        "{a:un} si trova {rel}.",
        "{rel} c'è {a:un}.",
        "c'è {a:un} {rel}.",
        "{rel} si vede {a:un}.",
        "si vede {a:un} {rel}.",
        "l'immagine mostra {a:un} {rel}.",
        "{rel} si trova {a:un}.",
        "nell'immagine c'è {a:un} {rel}.",
    ),
    "beside": ("{a:un} sta {rel}.", "{rel} sta {a:un}."),
    "relation_place": (
        "{place} c'è {a:un} {rel}.",
        "{place} si vede {a:un} {rel}.",
        "{place}, {a:un} si trova {rel}.",
        "c'è {b:un} {place} e, {side}, {a:un}.",
        "{place} si vede {b:un} e, {side}, {a:un}.",
        "{place} si trova {a:un} {rel}.",
    ),
    "pair": (
        "{a:un} e {b:un} si trovano {place}.",
        "ci sono {a:un} e {b:un} {place}.",
        "{place} ci sono {a:un} e {b:un}.",
        "{place} si vedono {a:un} e {b:un}.",
        "l'immagine mostra {a:un} e {b:un} {place}.",
        "{place} si trovano {a:un} e {b:un}.",
    ),
    "triple": (
        "{place} ci sono {a:un}, {b:un} e {c:un}.",
        "{place} si vedono {a:un}, {b:un} e {c:un}.",
        "l'immagine mostra {a:un}, {b:un} e {c:un} {place}.",
    ),
    "two_things": (
        "{place} ci sono due cose: {a:un} e {b:un}.",
        "si vedono due cose {place}, {a:un} e {b:un}.",
    ),
    "three_things": (
        "{place} ci sono tre cose: {a:un}, {b:un} e {c:un}.",
        "si vedono tre cose {place}: {a:un}, {b:un} e {c:un}.",
    ),
    "single": ("c'è {a:un} {place}.", "{place} c'è {a:un}.", "{a:un} si trova {place}.", "{place} si vede {a:un}."),
}
HYPOTHESES = {
    "exists": ("c'è {a:un} nell'immagine.", "l'immagine mostra {a:un}.", "nell'immagine si vede {a:un}."),
    "none": ("nell'immagine non c'è {a:nessun}.", "non si vede {a:nessun} nell'immagine."),
    "colour_is": ("{a:il} è {b:colour}.", "nell'immagine {a:il} è {b:colour}."),
    "size_is": ("{a:il} è {b:size}.", "nell'immagine {a:il} è {b:size}."),
}
QUERIES = {
    "relation": (
        "{a:bare} {rel}",
        "{a:un} {rel}",
        "immagine {a:bare} {rel}",
        "{a:bare} e {b:bare}",
        "foto {a:bare} con {b:bare}",
        "dove si trova {a:il} {rel}",
    ),
    "pair": (
        "{a:bare} e {b:bare} {place}",
        "{a:bare} e {b:bare}",
        "{a:bare} {b:bare} {place}",
        "foto {a:bare} {b:bare}",
    ),
    "single": (
        "{a:bare} {place}",
        "immagine di {a:un} {place}",
        "foto {a:bare} {place} gratis",
        "come disegnare {a:un}",
    ),
    "short": ("{a:bare}", "immagine {a:bare}", "{a:plural}"),
}
TITLES = (
    "Immagine: {a:bare} e {b:bare} | {site}",
    "{a:un} e {b:un} {place} – {site}",
    "{a:bare} con {b:un} {place} | {site}",
    "{site}: {a:un} {place}",
    "{place}: {a:bare} e {b:bare} – foto su {site}",
    "immagine gratuita di {a:un} e {b:un} – {site}",
    "{a:plural} e altre immagini | {site}",
)
SITES = ("Imagola", "Fotoprato", "Clicchiera", "Pixelgranaio", "Guardacolle")
TEXT = (
    "ieri abbiamo visto {a:un} {place}.",
    "ieri abbiamo visto {a:un} {place}. Era {rel}.",
    "c'è {a:un} {rel}?",
    "dov'è {a:il}?",
    "dove hai messo {a:il} e {b:il}?",
    "{a:il} è più grande di {b:il}?",
    "{a:il} è più grande di {b:il}.",
    "{a:il} è più {a:piccolo/piccola} di {b:il}, ma mi piace di più.",
    "mi piacciono {a:i}, ma non mi piacciono {b:i}.",
    "preferirei avere {a:un} invece di {b:un}.",
    "mia sorella vuole {a:un} per il suo compleanno.",
    "mio fratello ha disegnato {a:un} {rel}.",
    "i bambini hanno dipinto {a:un} {place}.",
    "preferisci {a:i} o {b:i}?",
    "ci sono due {a:plural} e tre {b:plural} {place}.",
    "ci sono quattro {a:plural} in fila {place}.",
    "oggi nessuno ha visto {a:il}.",
    "quando piove, {a:il} non è più {place}.",
    "stamattina {a:il} era ancora {place}.",
    "lei ha chiesto se {a:il} fosse {rel:il}.",
    "cercava {a:un} e ha trovato {b:un}.",
    "c'era una volta {a:un}. Si trovava {rel} e aspettava {c:un}.",
    "siamo andati a passeggio e all'improvviso abbiamo visto {a:un} {place}.",
    "i nostri vicini hanno {a:un} e {b:un}.",
    "se guardi bene, trovi {a:un} {rel}.",
    "{a:i} sono più {a:rari/rare} di {b:i}.",
    "la maestra ci ha mostrato {a:un}, {b:un} e {c:un}.",
    "{a:il} è {a:bello/bella} come {b:il}.",
    "portami {a:il}, per favore, e non {b:il}.",
    "che cosa costa di più, {a:il} o {b:il}?",
    "ho sognato {a:un} {place}.",
    "perché {a:il} non è {rel:il}?",
    "prima ha disegnato {a:un}, poi {b:un} e infine {c:un}.",
    "al museo c'è un quadro con {a:un} e {b:un}.",
    "non ci sono {a:plural} {place}.",
    "il bambino parla di {a:il} e di {b:i}.",
)
STORIES = (
    Story(
        ("{a:bare} {a:ritrovato/ritrovata} {place}", "alcuni passanti trovano {a:un}", "di chi è {a:il}?"),
        (
            (
                "lunedì mattina alcuni passanti hanno trovato {a:un} {place}.",
                "nel fine settimana una famiglia ha scoperto {a:un} {place}.",
            ),
            ("si trovava {rel}.", "proprio accanto c'era {b:un}."),
            ("per ora nessuno sa di chi sia.", "il comune cerca ora i proprietari."),
            ("chi sa qualcosa può rivolgersi al comune.", "nel frattempo resta in municipio."),
        ),
    ),
    Story(
        ("la città riceve {a:un}", "{a:un} incanta i visitatori", "novità in città: {a:un}"),
        (
            ("da venerdì c'è {a:un} {place}.", "la città ha una nuova attrazione: {a:un}."),
            ("molti visitatori hanno già fatto foto.", "soprattutto i bambini sono contenti."),
            ("l'anno prossimo si aggiungerà {b:un}.", "presto ci sarà anche {b:un}."),
            ("la sindaca ha parlato di una bella giornata per la città.", "l'ingresso è gratuito."),
        ),
    ),
    Story(
        (
            "la tempesta porta via {a:un}",
            "{a:un} {a:scomparso/scomparsa} dopo la tempesta",
            "tempesta: scompare {a:un}",
        ),
        (
            (
                "durante la tempesta di domenica è {a:scomparso/scomparsa} {a:un}.",
                "domenica una forte tempesta ha portato via {a:un}.",
            ),
            (
                "{place} è {b:rimasto/rimasta} solo {b:un}.",
                "anche {b:un} è {b:stato danneggiato/stata danneggiata}.",
            ),
            ("nessuno è rimasto ferito.", "per fortuna non c'era nessuno nelle vicinanze."),
            ("per i prossimi giorni è previsto bel tempo.", "le ricerche continuano domani."),
        ),
    ),
    Story(
        ("una classe dipinge {a:un}", "i bambini mostrano {a:un} e {b:un}", "mostra con {a:un}"),
        (
            (
                "una classe ha dipinto un grande quadro con {a:un}.",
                "gli alunni mostrano i loro quadri questa settimana.",
            ),
            ("si vedono {a:un} e {b:un}.", "nel quadro più bello si vede {a:un} {rel}."),
            ("il lavoro è durato tre settimane.", "ogni bambino ha potuto scegliere un colore."),
            ("la mostra è aperta fino a domenica.", "i quadri sono appesi in biblioteca."),
        ),
    ),
)
