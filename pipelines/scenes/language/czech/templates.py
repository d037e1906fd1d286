"""Czech sentences."""

from __future__ import annotations

from pipelines.scenes.language.grammar import Story

CAPTIONS = {
    "relation": (
        "{a:nom} je {rel}.",
        "{rel} je {a:nom}.",
        "{a:nom} se nachází {rel}.",
        "{rel} se nachází {a:nom}.",
        "{rel} vidíme {a:acc}.",
        "na obrázku vidíme {a:acc} {rel}.",
        "obrázek ukazuje {a:acc} {rel}.",
        "na obrázku je {a:nom} {rel}.",
    ),
    "beside": ("{a:nom} {a:stojí|leží} {rel}.", "{rel} {a:stojí|leží} {a:nom}."),
    "relation_place": (
        "{place} je {a:nom} {rel}.",
        "{place} vidíme {a:acc} {rel}.",
        "{place} se {rel} nachází {a:nom}.",
        "vidíme {a:acc} {place} {rel}.",
        "{rel} je {place} {a:nom}.",
    ),
    "pair": (
        "{a:nom} a {b:nom} jsou {place}.",
        "{place} jsou {a:nom} a {b:nom}.",
        "{place} vidíme {a:acc} a {b:acc}.",
        "obrázek ukazuje {a:acc} a {b:acc} {place}.",
        "na obrázku vidíme {a:acc} a {b:acc} {place}.",
        "{place} se nacházejí {a:nom} a {b:nom}.",
    ),
    "triple": (
        "{place} jsou {a:nom}, {b:nom} a {c:nom}.",
        "{place} vidíme {a:acc}, {b:acc} a {c:acc}.",
        "obrázek ukazuje {a:acc}, {b:acc} a {c:acc} {place}.",
    ),
    "two_things": (
        "{place} jsou dvě věci: {a:nom} a {b:nom}.",
        "{place} vidíme dvě věci, {a:acc} a {b:acc}.",
    ),
    "three_things": (
        "{place} jsou tři věci: {a:nom}, {b:nom} a {c:nom}.",
        "{place} vidíme tři věci: {a:acc}, {b:acc} a {c:acc}.",
    ),
    "single": (
        "{place} je {a:nom}.",
        "{a:nom} je {place}.",
        "{place} vidíme {a:acc}.",
        "{place} se nachází {a:nom}.",
    ),
}
HYPOTHESES = {
    "exists": ("na obrázku je {a:nom}.", "obrázek ukazuje {a:acc}.", "na obrázku vidíme {a:acc}."),
    "none": (
        "na obrázku není {a:žádný/žádná/žádné/žádný} {a:nom}.",
        "na obrázku nevidíme {a:žádný/žádnou/žádné/žádného} {a:acc}.",
    ),
    "colour_is": ("{a:nom} je {b:colour}.", "na obrázku je {a:nom} {b:colour}."),
    "size_is": ("{a:nom} je {b:size}.", "{a:nom} na obrázku je {b:size}."),
}
QUERIES = {
    "relation": (
        "{a:nom} {rel}",
        "kde je {a:nom} {rel}",
        "obrázek {a:nom} {rel}",
        "{a:nom} a {b:nom}",
        "foto {a:nom} s {b:ins}",
        "foto {a:nom} {rel}",
    ),
    "pair": (
        "{a:nom} a {b:nom} {place}",
        "{a:nom} a {b:nom}",
        "{a:nom} {b:nom} {place}",
        "foto {a:nom} {b:nom}",
    ),
    "single": (
        "{a:nom} {place}",
        "obrázek {a:gen} {place}",
        "foto {a:nom} {place} zdarma",
        "jak nakreslit {a:acc}",
    ),
    "short": ("{a:nom}", "{a:nom} obrázek", "{a:nom plural}"),
}
TITLES = (
    "Obrázek: {a:nom} a {b:nom} | {site}",
    "{a:nom} a {b:nom} {place} – {site}",
    "fotka: {a:nom} a {b:nom} {place} | {site}",
    "{site}: {a:nom} {place}",
    "{place}: {a:nom} a {b:nom} – fotky {site}",
    "obrázek {a:gen} a {b:gen} zdarma – {site}",
    "{a:nom plural} a další obrázky | {site}",
)
SITES = ("Imagola", "Fotolouka", "Klikopole", "Pixelkomora", "Obrázkovna")
TEXT = (
    "včera jsme {place} viděli {a:acc}.",
    "včera jsme {place} viděli {a:acc}. {a:Byl/Byla/Bylo/Byl} {rel}.",
    "je {rel} {a:nom}?",
    "kde je {a:nom}?",
    "kam jste dali {a:acc} a {b:acc}?",
    "je {a:nom} větší než {b:nom}?",
    "{a:nom} je větší než {b:nom}.",
    "{a:nom} je menší než {b:nom}, ale líbí se mi víc.",
    "mám rád {a:acc plural}, ale nemám rád {b:acc plural}.",
    "raději bych chtěl {a:acc} než {b:acc}.",
    "moje sestra chce k narozeninám {a:acc}.",
    "můj bratr nakreslil {a:acc} {rel}.",
    "děti namalovaly {a:acc} {place}.",
    "líbí se ti víc {a:nom plural}, nebo {b:nom plural}?",
    "{place} jsou {a:dva/dvě/dvě/dva} {a:nom plural} a tři {b:nom plural}.",
    "{place} vidíme v řadě čtyři {a:acc plural}.",
    "{place} je pět {a:gen plural}.",
    "nikdo dnes neviděl {a:acc}.",
    "když prší, {a:nom} už není {place}.",
    "ráno {a:byl/byla/bylo/byl} {a:nom} ještě {place}.",
    "ptala se, jestli je {a:nom} {rel}.",
    "hledal {a:acc} a našel {b:acc}.",
    "{a:byl jednou jeden/byla jednou jedna/bylo jednou jedno/byl jednou jeden} {a:nom}."
    " {a:Byl/Byla/Bylo/Byl} {rel} a {a:čekal/čekala/čekalo/čekal} na {c:acc}.",
    "šli jsme na procházku a najednou jsme {place} uviděli {a:acc}.",
    "naši sousedé mají {a:acc} a {b:acc}.",
    "kdo se dobře dívá, najde {rel} {a:acc}.",
    "{a:nom plural} jsou vzácnější než {b:nom plural}.",
    "učitelka nám ukázala {a:acc}, {b:acc} a {c:acc}.",
    "{a:nom} je stejně {a:krásný/krásná/krásné/krásný} jako {b:nom}.",
    "přines mi prosím {a:acc}, a ne {b:acc}.",
    "co je dražší, {a:nom}, nebo {b:nom}?",
    "{place} se mi líbí {a:nom}.",
    "proč není {a:nom} {rel}?",
    "nejdřív nakreslila {a:acc}, potom {b:acc} a nakonec {c:acc}.",
    "v muzeu visí obraz s {a:ins} a {b:ins}.",
    "{place} nejsou {a:žádné/žádné/žádná/žádní} {a:nom plural}.",
    "dítě si hraje s {a:ins} a {b:ins}.",
    "bez {a:gen} a {b:gen} by obrázek nebyl hezký.",
)
STORIES = (
    Story(
        (
            "{place} {a:byl nalezen/byla nalezena/bylo nalezeno/byl nalezen} {a:nom}",
            "kolemjdoucí našli {a:acc}",
            "komu patří {a:nom}?",
        ),
        (
            (
                "v pondělí ráno našli kolemjdoucí {place} {a:acc}.",
                "o víkendu objevila jedna rodina {place} {a:acc}.",
            ),
            ("{a:byl/byla/bylo/byl} {rel}.", "hned vedle {b:byl/byla/bylo/byl} {b:nom}."),
            ("zatím nikdo neví, komu patří.", "město teď hledá majitele."),
            ("informace přijímá radnice.", "do té doby zůstane nález na radnici."),
        ),
    ),
    Story(
        ("město má {a:acc}", "{a:nom} těší návštěvníky", "novinka ve městě: {a:nom}"),
        (
            ("od pátku je {place} {a:nom}.", "město má novou zajímavost: {a:acc}."),
            ("mnoho návštěvníků už fotografovalo.", "nadšené jsou hlavně děti."),
            ("příští rok přibude {b:nom}.", "brzy tam bude také {b:nom}."),
            ("starostka mluvila o dobrém dni pro město.", "vstup je zdarma."),
        ),
    ),
    Story(
        (
            "bouře odnesla {a:acc}",
            "po bouři {a:zmizel/zmizela/zmizelo/zmizel} {a:nom}",
            "bouře: {a:zmizel/zmizela/zmizelo/zmizel} {a:nom}",
        ),
        (
            (
                "při nedělní bouři {a:zmizel/zmizela/zmizelo/zmizel} {a:nom}.",
                "silná bouře v neděli odnesla {a:acc}.",
            ),
            (
                "{place} {b:zůstal/zůstala/zůstalo/zůstal} jen {b:nom}.",
                "{b:poškozen byl/poškozena byla/poškozeno bylo/poškozen byl} také {b:nom}.",
            ),
            ("nikdo nebyl zraněn.", "naštěstí nikdo nebyl poblíž."),
            ("na další dny se čeká klidné počasí.", "pátrání pokračuje zítra."),
        ),
    ),
    Story(
        ("školní třída namalovala {a:acc}", "děti ukazují {a:acc} a {b:acc}", "výstava s {a:ins}"),
        (
            ("školní třída namalovala velký obraz s {a:ins}.", "žáci tento týden ukazují své obrázky."),
            ("vidíme {a:acc} a {b:acc}.", "na nejhezčím obrázku vidíme {a:acc} {rel}."),
            ("práce trvala tři týdny.", "každé dítě si mohlo vybrat barvu."),
            ("výstava je otevřena do neděle.", "obrázky visí v knihovně."),
        ),
    ),
)
