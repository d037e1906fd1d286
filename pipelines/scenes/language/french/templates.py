"""French sentences."""

from __future__ import annotations

from pipelines.scenes.language.grammar import Story

CAPTIONS = {
    "relation": (
        "{a:un} se trouve {rel}.",
        "{rel} se trouve {a:un}.",
        "il y a {a:un} {rel}.",
        "{rel}, il y a {a:un}.",
        "on voit {a:un} {rel}.",
        "{rel}, on voit {a:un}.",
        "l'image montre {a:un} {rel}.",
        "{rel}, on aperçoit {a:un}.",
    ),
    "beside": ("{a:un} est {a:placé/placée} {rel}.", "{rel}, on peut voir {a:un}."),
    "relation_place": (
        "{place}, {a:un} se trouve {rel}.",
        "{place}, il y a {a:un} {rel}.",
        "{place}, on voit {a:un} {rel}.",
        "on voit {b:un} {place} et, {side}, {a:un}.",
        "{place}, il y a {b:un} et, {side}, {a:un}.",
        "{place}, on aperçoit {a:un} {rel}.",
    ),
    "pair": (
        "{a:un} et {b:un} se trouvent {place}.",
        "{place} se trouvent {a:un} et {b:un}.",
        "il y a {a:un} et {b:un} {place}.",
        "{place}, il y a {a:un} et {b:un}.",
        "{place}, on voit {a:un} et {b:un}.",
        "l'image montre {a:un} et {b:un} {place}.",
    ),
    "triple": (
        "{place}, on voit {a:un}, {b:un} et {c:un}.",
        "il y a {a:un}, {b:un} et {c:un} {place}.",
        "l'image montre {a:un}, {b:un} et {c:un} {place}.",
    ),
    "two_things": (
        "{place}, on voit deux choses : {a:un} et {b:un}.",
        "il y a deux choses {place}, {a:un} et {b:un}.",
    ),
    "three_things": (
        "{place}, on voit trois choses : {a:un}, {b:un} et {c:un}.",
        "il y a trois choses {place} : {a:un}, {b:un} et {c:un}.",
    ),
    "single": (
        "il y a {a:un} {place}.",
        "{place}, il y a {a:un}.",
        "{a:un} se trouve {place}.",
        "on voit {a:un} {place}.",
    ),
}
HYPOTHESES = {
    "exists": ("il y a {a:un} sur l'image.", "l'image montre {a:un}.", "on voit {a:un} sur l'image."),
    "none": ("il n'y a pas de {a:bare} sur l'image.", "on ne voit pas de {a:bare} sur l'image."),
    "colour_is": ("{a:le} est {b:colour}.", "sur l'image, {a:le} est {b:colour}."),
    "size_is": ("{a:le} est {b:size}.", "sur l'image, {a:le} est {b:size}."),
}
QUERIES = {
    "relation": (
        "{a:bare} {rel}",
        "{a:un} {rel}",
        "image {a:bare} {rel}",
        "{a:bare} et {b:bare}",
        "photo {a:bare} avec {b:bare}",
        "où est {a:le} {rel}",
    ),
    "pair": (
        "{a:bare} et {b:bare} {place}",
        "{a:bare} et {b:bare}",
        "{a:bare} {b:bare} {place}",
        "photo {a:bare} {b:bare}",
    ),
    "single": (
        "{a:bare} {place}",
        "image de {a:un} {place}",
        "photo {a:bare} {place} gratuite",
        "comment dessiner {a:un}",
    ),
    "short": ("{a:bare}", "image {a:bare}", "{a:plural}"),
}
TITLES = (
    "Image : {a:bare} et {b:bare} | {site}",
    "{a:un} et {b:un} {place} – {site}",
    "{a:bare} avec {b:un} {place} | {site}",
    "{site} : {a:un} {place}",
    "{place} : {a:bare} et {b:bare} – photos sur {site}",
    "image gratuite de {a:un} et de {b:un} – {site}",
    "{a:plural} et autres images | {site}",
)
SITES = ("Imagola", "Photoprairie", "Boîtapixels", "Grangimage", "Clicolline")
TEXT = (
    "hier, nous avons vu {a:un} {place}.",
    "hier, nous avons vu {a:un} {place}. {a:Il/Elle} se trouvait {rel}.",
    "y a-t-il {a:un} {rel} ?",
    "où est {a:le} ?",
    "où as-tu mis {a:le} et {b:le} ?",
    "est-ce que {a:le} est plus {a:grand/grande} que {b:le} ?",
    "{a:le} est plus {a:grand/grande} que {b:le}.",
    "{a:le} est plus {a:petit/petite} que {b:le}, mais je {a:le/la} préfère.",
    "j'aime {a:les}, mais je n'aime pas {b:les}.",
    "je préférerais avoir {a:un} plutôt que {b:un}.",
    "ma sœur veut {a:un} pour son anniversaire.",
    "mon frère a dessiné {a:un} {rel}.",
    "les enfants ont peint {a:un} {place}.",
    "est-ce que tu préfères {a:les} ou {b:les} ?",
    "deux {a:plural} et trois {b:plural} se trouvent {place}.",
    "quatre {a:plural} sont {a:alignés/alignées} {place}.",
    "personne n'a vu {a:le} aujourd'hui.",
    "quand il pleut, {a:le} n'est plus {place}.",
    "ce matin, {a:le} était encore {place}.",
    "elle a demandé si {a:le} était {rel:le}.",
    "il cherchait {a:un} et il a trouvé {b:un}.",
    "il était une fois {a:un}. {a:Il/Elle} se trouvait {rel} et attendait {c:un}.",
    "nous nous promenions et, soudain, nous avons vu {a:un} {place}.",
    "nos voisins ont {a:un} et {b:un}.",
    "en regardant bien, on trouve {a:un} {rel}.",
    "{a:les} sont plus rares que {b:les}.",
    "la maîtresse nous a montré {a:un}, {b:un} et {c:un}.",
    "{a:le} est aussi {a:beau/belle} que {b:le}.",
    "apporte-moi {a:le}, s'il te plaît, et non {b:le}.",
    "qu'est-ce qui est plus cher, {a:le} ou {b:le} ?",
    "j'ai rêvé de {a:un} {place}.",
    "pourquoi {a:le} n'est-{a:il/elle} pas {rel:le} ?",
    "elle a d'abord dessiné {a:un}, puis {b:un} et enfin {c:un}.",
    "au musée, il y a un tableau avec {a:un} et {b:un}.",
    "il n'y a pas de {a:plural} {place}.",
    "on a vendu {a:des} et {b:des}.",
    "l'enfant parle de {a:le} et de {b:les}.",
)
STORIES = (
    Story(
        ("{a:un} {a:retrouvé/retrouvée} {place}", "des promeneurs trouvent {a:un}", "à qui est {a:le} ?"),
        (
            (
                "lundi matin, des promeneurs ont trouvé {a:un} {place}.",
                "ce week-end, une famille a découvert {a:un} {place}.",
            ),
            ("{a:il/elle} se trouvait {rel}.", "juste à côté, il y avait {b:un}."),
            ("pour l'instant, personne ne sait à qui {a:il/elle} appartient.", "la ville cherche le propriétaire."),
            ("toute information peut être donnée à la mairie.", "en attendant, l'objet reste à la mairie."),
        ),
    ),
    Story(
        ("la ville reçoit {a:un}", "{a:un} ravit les visiteurs", "nouveau en ville : {a:un}"),
        (
            ("depuis vendredi, il y a {a:un} {place}.", "la ville a une nouvelle attraction : {a:un}."),
            ("beaucoup de visiteurs ont déjà pris des photos.", "les enfants surtout sont ravis."),
            ("l'an prochain, {b:un} doit s'y ajouter.", "bientôt, il y aura aussi {b:un}."),
            ("la maire a parlé d'un beau jour pour la ville.", "l'entrée est gratuite."),
        ),
    ),
    Story(
        (
            "la tempête emporte {a:un}",
            "{a:un} {a:disparu/disparue} après la tempête",
            "tempête : {a:un} {a:emporté/emportée}",
        ),
        (
            (
                "pendant la tempête de dimanche, {a:un} a disparu.",
                "une forte tempête a emporté {a:un} dimanche.",
            ),
            ("{b:seul/seule} {b:un} est {b:resté/restée} {place}.", "{b:un} a aussi été {b:abîmé/abîmée}."),
            ("personne n'a été blessé.", "par chance, il n'y avait personne à proximité."),
            ("la météo annonce un temps calme pour les prochains jours.", "les recherches continuent demain."),
        ),
    ),
    Story(
        ("une classe peint {a:un}", "les enfants montrent {a:un} et {b:un}", "exposition avec {a:un}"),
        (
            ("une classe a peint un grand tableau avec {a:un}.", "des élèves montrent leurs tableaux cette semaine."),
            ("on y voit {a:un} et {b:un}.", "sur le plus beau tableau, on voit {a:un} {rel}."),
            ("le travail a duré trois semaines.", "chaque enfant a pu choisir une couleur."),
            (
                "l'exposition est ouverte jusqu'à dimanche.",
                "les tableaux sont accrochés à la bibliothèque.",
            ),
        ),
    ),
)
