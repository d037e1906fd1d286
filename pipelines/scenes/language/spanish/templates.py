"""Spanish sentences."""

from __future__ import annotations

from pipelines.scenes.language.grammar import Story

CAPTIONS = {
    "relation": (
        "{a:un} está {rel}.",
        "{rel} hay {a:un}.",
        "hay {a:un} {rel}.",
        "{rel} se ve {a:un}.",
        "se ve {a:un} {rel}.",
        "la imagen muestra {a:un} {rel}.",
        "{a:un} se encuentra {rel}.",
        "en la imagen hay {a:un} {rel}.",
    ),
    "beside": ("{a:un} aparece {rel}.", "{rel} aparece {a:un}."),
    "relation_place": (
        "{place} hay {a:un} {rel}.",
        "{place} se ve {a:un} {rel}.",
        "{place}, {a:un} está {rel}.",
        "hay {b:un} {place} y, {side}, {a:un}.",
        "{place} se ve {b:un} y, {side}, {a:un}.",
        "{place} se encuentra {a:un} {rel}.",
    ),
    "pair": (
        "{a:un} y {b:un} están {place}.",
        "hay {a:un} y {b:un} {place}.",
        "{place} hay {a:un} y {b:un}.",
        "{place} se ven {a:un} y {b:un}.",
        "la imagen muestra {a:un} y {b:un} {place}.",
        "{place} se encuentran {a:un} y {b:un}.",
    ),
    "triple": (
        "{place} hay {a:un}, {b:un} y {c:un}.",
        "{place} se ven {a:un}, {b:un} y {c:un}.",
        "la imagen muestra {a:un}, {b:un} y {c:un} {place}.",
    ),
    "two_things": (
        "{place} hay dos cosas: {a:un} y {b:un}.",
        "se ven dos cosas {place}, {a:un} y {b:un}.",
    ),
    "three_things": (
        "{place} hay tres cosas: {a:un}, {b:un} y {c:un}.",
        "se ven tres cosas {place}: {a:un}, {b:un} y {c:un}.",
    ),
    "single": ("hay {a:un} {place}.", "{place} hay {a:un}.", "{a:un} está {place}.", "{place} se ve {a:un}."),
}
HYPOTHESES = {
    "exists": ("hay {a:un} en la imagen.", "la imagen muestra {a:un}.", "en la imagen se ve {a:un}."),
    "none": ("en la imagen no hay {a:ningún}.", "no se ve {a:ningún} en la imagen."),
    "colour_is": ("{a:el} es {b:colour}.", "en la imagen, {a:el} es {b:colour}."),
    "size_is": ("{a:el} es {b:size}.", "en la imagen, {a:el} es {b:size}."),
}
QUERIES = {
    "relation": (
        "{a:bare} {rel}",
        "{a:un} {rel}",
        "imagen {a:bare} {rel}",
        "{a:bare} y {b:bare}",
        "foto {a:bare} con {b:bare}",
        "dónde está {a:el} {rel}",
    ),
    "pair": (
        "{a:bare} y {b:bare} {place}",
        "{a:bare} y {b:bare}",
        "{a:bare} {b:bare} {place}",
        "foto {a:bare} {b:bare}",
    ),
    "single": (
        "{a:bare} {place}",
        "imagen de {a:un} {place}",
        "foto {a:bare} {place} gratis",
        "cómo dibujar {a:un}",
    ),
    "short": ("{a:bare}", "imagen {a:bare}", "{a:plural}"),
}
TITLES = (
    "Imagen: {a:bare} y {b:bare} | {site}",
    "{a:un} y {b:un} {place} – {site}",
    "{a:bare} con {b:un} {place} | {site}",
    "{site}: {a:un} {place}",
    "{place}: {a:bare} y {b:bare} – fotos en {site}",
    "imagen gratis de {a:un} y {b:un} – {site}",
    "{a:plural} y otras imágenes | {site}",
)
SITES = ("Imagola", "Fotopradera", "Clicampo", "Cajapíxel", "Miragranero")
TEXT = (
    "ayer vimos {a:un} {place}.",
    "ayer vimos {a:un} {place}. Estaba {rel}.",
    "¿hay {a:un} {rel}?",
    "¿dónde está {a:el}?",
    "¿dónde has puesto {a:el} y {b:el}?",
    "¿es {a:el} más grande que {b:el}?",
    "{a:el} es más grande que {b:el}.",
    "{a:el} es más {a:pequeño/pequeña} que {b:el}, pero me gusta más.",
    "me gustan {a:los}, pero no me gustan {b:los}.",
    "preferiría tener {a:un} en vez de {b:un}.",
    "mi hermana quiere {a:un} para su cumpleaños.",
    "mi hermano dibujó {a:un} {rel}.",
    "los niños pintaron {a:un} {place}.",
    "¿prefieres {a:los} o {b:los}?",
    "hay dos {a:plural} y tres {b:plural} {place}.",
    "hay cuatro {a:plural} en fila {place}.",
    "nadie ha visto hoy {a:el}.",
    "cuando llueve, {a:el} ya no está {place}.",
    "por la mañana {a:el} todavía estaba {place}.",
    "ella preguntó si {a:el} estaba {rel:el}.",
    "buscaba {a:un} y encontró {b:un}.",
    "había una vez {a:un}. Estaba {rel} y esperaba {c:un}.",
    "salimos a pasear y de repente vimos {a:un} {place}.",
    "nuestros vecinos tienen {a:un} y {b:un}.",
    "si te fijas bien, encontrarás {a:un} {rel}.",
    "{a:los} son más {a:raros/raras} que {b:los}.",
    "la maestra nos enseñó {a:un}, {b:un} y {c:un}.",
    "{a:el} es tan {a:bonito/bonita} como {b:el}.",
    "tráeme {a:el}, por favor, y no {b:el}.",
    "¿qué es más caro, {a:el} o {b:el}?",
    "soñé con {a:un} {place}.",
    "¿por qué no está {a:el} {rel:el}?",
    "primero dibujó {a:un}, después {b:un} y por último {c:un}.",
    "en el museo hay un cuadro con {a:un} y {b:un}.",
    "no hay {a:plural} {place}.",
    "el niño habla de {a:el} y de {b:los}.",
)
STORIES = (
    Story(
        (
            "{a:bare} {a:encontrado/encontrada} {place}",
            "unos paseantes encuentran {a:un}",
            "¿de quién es {a:el}?",
        ),
        (
            (
                "el lunes por la mañana, unos paseantes encontraron {a:un} {place}.",
                "el fin de semana, una familia descubrió {a:un} {place}.",
            ),
            ("estaba {rel}.", "justo al lado había {b:un}."),
            ("por ahora nadie sabe de quién es.", "la ciudad busca ahora a los dueños."),
            ("cualquier dato puede darse en el ayuntamiento.", "mientras tanto, se queda en el ayuntamiento."),
        ),
    ),
    Story(
        ("la ciudad recibe {a:un}", "{a:un} encanta a los visitantes", "nuevo en la ciudad: {a:un}"),
        (
            ("desde el viernes hay {a:un} {place}.", "la ciudad tiene una nueva atracción: {a:un}."),
            ("muchos visitantes ya han hecho fotos.", "sobre todo los niños están encantados."),
            ("el año que viene se añadirá {b:un}.", "pronto habrá también {b:un}."),
            ("la alcaldesa habló de un buen día para la ciudad.", "la entrada es gratis."),
        ),
    ),
    Story(
        (
            "la tormenta se lleva {a:un}",
            "{a:un} {a:desaparecido/desaparecida} tras la tormenta",
            "tormenta: desaparece {a:un}",
        ),
        (
            (
                "durante la tormenta del domingo desapareció {a:un}.",
                "una fuerte tormenta se llevó {a:un} el domingo.",
            ),
            ("solo quedó {b:un} {place}.", "también resultó {b:dañado/dañada} {b:un}."),
            ("nadie resultó herido.", "por suerte no había nadie cerca."),
            ("para los próximos días se espera buen tiempo.", "la búsqueda sigue mañana."),
        ),
    ),
    Story(
        ("una clase pinta {a:un}", "los niños muestran {a:un} y {b:un}", "exposición con {a:un}"),
        (
            ("una clase ha pintado un cuadro grande con {a:un}.", "los alumnos muestran sus cuadros esta semana."),
            ("se ven {a:un} y {b:un}.", "en el cuadro más bonito se ve {a:un} {rel}."),
            ("el trabajo duró tres semanas.", "cada niño pudo elegir un color."),
            ("la exposición está abierta hasta el domingo.", "los cuadros cuelgan en la biblioteca."),
        ),
    ),
)
