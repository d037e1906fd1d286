"""Portuguese sentences."""

from __future__ import annotations

from pipelines.scenes.language.grammar import Story

CAPTIONS = {
    "relation": (
        "{a:um} está {rel}.",
        "{rel} há {a:um}.",
        "há {a:um} {rel}.",
        "{rel}, vê-se {a:um}.",
        "vê-se {a:um} {rel}.",
        "a imagem mostra {a:um} {rel}.",
        "{a:um} aparece {rel}.",
        "na imagem há {a:um} {rel}.",
    ),
    "beside": ("{a:um} fica {rel}.", "{rel} está {a:um}."),
    "relation_place": (
        "{place} há {a:um} {rel}.",
        "{place}, vê-se {a:um} {rel}.",
        "{place}, {a:um} está {rel}.",
        "há {b:um} {place} e, {side}, {a:um}.",
        "{place}, vê-se {b:um} e, {side}, {a:um}.",
        "{place} está {a:um} {rel}.",
    ),
    "pair": (
        "{a:um} e {b:um} estão {place}.",
        "há {a:um} e {b:um} {place}.",
        "{place} há {a:um} e {b:um}.",
        "{place}, veem-se {a:um} e {b:um}.",
        "a imagem mostra {a:um} e {b:um} {place}.",
        "{place} aparecem {a:um} e {b:um}.",
    ),
    "triple": (
        "{place} há {a:um}, {b:um} e {c:um}.",
        "{place}, veem-se {a:um}, {b:um} e {c:um}.",
        "a imagem mostra {a:um}, {b:um} e {c:um} {place}.",
    ),
    "two_things": (
        "{place} há duas coisas: {a:um} e {b:um}.",
        "veem-se duas coisas {place}, {a:um} e {b:um}.",
    ),
    "three_things": (
        "{place} há três coisas: {a:um}, {b:um} e {c:um}.",
        "veem-se três coisas {place}: {a:um}, {b:um} e {c:um}.",
    ),
    "single": ("há {a:um} {place}.", "{place} há {a:um}.", "{a:um} está {place}.", "{place}, vê-se {a:um}."),
}
HYPOTHESES = {
    "exists": ("há {a:um} na imagem.", "a imagem mostra {a:um}.", "na imagem, vê-se {a:um}."),
    "none": ("na imagem não há {a:nenhum}.", "não se vê {a:nenhum} na imagem."),
    "colour_is": ("{a:o} é {b:colour}.", "na imagem, {a:o} é {b:colour}."),
    "size_is": ("{a:o} é {b:size}.", "na imagem, {a:o} é {b:size}."),
}
QUERIES = {
    "relation": (
        "{a:bare} {rel}",
        "{a:um} {rel}",
        "imagem {a:bare} {rel}",
        "{a:bare} e {b:bare}",
        "foto {a:bare} com {b:bare}",
        "onde está {a:o} {rel}",
    ),
    "pair": (
        "{a:bare} e {b:bare} {place}",
        "{a:bare} e {b:bare}",
        "{a:bare} {b:bare} {place}",
        "foto {a:bare} {b:bare}",
    ),
    "single": (
        "{a:bare} {place}",
        "imagem de {a:um} {place}",
        "foto {a:bare} {place} grátis",
        "como desenhar {a:um}",
    ),
    "short": ("{a:bare}", "imagem {a:bare}", "{a:plural}"),
}
TITLES = (
    "Imagem: {a:bare} e {b:bare} | {site}",
    "{a:um} e {b:um} {place} – {site}",
    "{a:bare} com {b:um} {place} | {site}",
    "{site}: {a:um} {place}",
    "{place}: {a:bare} e {b:bare} – fotos no {site}",
    "imagem grátis de {a:um} e {b:um} – {site}",
    "{a:plural} e outras imagens | {site}",
)
SITES = ("Imagola", "Fotocampina", "Cliqueira", "Celeirodepixels", "Miramorro")
TEXT = (
    "ontem vimos {a:um} {place}.",
    "ontem vimos {a:um} {place}. Estava {rel}.",
    "há {a:um} {rel}?",
    "onde está {a:o}?",
    "onde você colocou {a:o} e {b:o}?",
    "{a:o} é maior que {b:o}?",
    "{a:o} é maior que {b:o}.",
    "{a:o} é menor que {b:o}, mas eu gosto mais {a:dele/dela}.",
    "eu gosto de {a:os}, mas não gosto de {b:os}.",
    "eu preferiria ter {a:um} em vez de {b:um}.",
    "minha irmã quer {a:um} de aniversário.",
    "meu irmão desenhou {a:um} {rel}.",
    "as crianças pintaram {a:um} {place}.",
    "você prefere {a:os} ou {b:os}?",
    "há {a:dois/duas} {a:plural} e três {b:plural} {place}.",
    "há quatro {a:plural} em fila {place}.",
    "ninguém viu {a:o} hoje.",
    "quando chove, {a:o} não está mais {place}.",
    "de manhã {a:o} ainda estava {place}.",
    "ela perguntou se {a:o} estava {rel:o}.",
    "ele procurava {a:um} e encontrou {b:um}.",
    "era uma vez {a:um}. Estava {rel} e esperava por {c:um}.",
    "saímos para passear e de repente vimos {a:um} {place}.",
    "nossos vizinhos têm {a:um} e {b:um}.",
    "olhando bem, você encontra {a:um} {rel}.",
    "{a:os} são mais {a:raros/raras} que {b:os}.",
    "a professora nos mostrou {a:um}, {b:um} e {c:um}.",
    "{a:o} é tão {a:bonito/bonita} quanto {b:o}.",
    "traga-me {a:o}, por favor, e não {b:o}.",
    "o que é mais caro, {a:o} ou {b:o}?",
    "sonhei com {a:um} {place}.",
    "por que {a:o} não está {rel:o}?",
    "primeiro ela desenhou {a:um}, depois {b:um} e por fim {c:um}.",
    "no museu há um quadro com {a:um} e {b:um}.",
    "não há {a:plural} {place}.",
    "a criança fala de {a:o} e de {b:os}.",
)
STORIES = (
    Story(
        ("{a:bare} {a:encontrado/encontrada} {place}", "moradores encontram {a:um}", "de quem é {a:o}?"),
        (
            (
                "na manhã de segunda-feira, moradores encontraram {a:um} {place}.",
                "no fim de semana, uma família descobriu {a:um} {place}.",
            ),
            ("{a:ele/ela} estava {rel}.", "bem ao lado havia {b:um}."),
            ("por enquanto ninguém sabe de quem é.", "a cidade procura agora os donos."),
            ("informações podem ser dadas à prefeitura.", "enquanto isso, {a:ele/ela} fica na prefeitura."),
        ),
    ),
    Story(
        ("cidade recebe {a:um}", "{a:um} encanta visitantes", "novidade na cidade: {a:um}"),
        (
            ("desde sexta-feira há {a:um} {place}.", "a cidade tem uma nova atração: {a:um}."),
            ("muitos visitantes já tiraram fotos.", "principalmente as crianças estão encantadas."),
            ("no ano que vem chega também {b:um}.", "em breve haverá também {b:um}."),
            ("a prefeita falou de um bom dia para a cidade.", "a entrada é gratuita."),
        ),
    ),
    Story(
        (
            "tempestade leva {a:um}",
            "{a:um} {a:desaparecido/desaparecida} após a tempestade",
            "tempestade: {a:um} desaparece",
        ),
        (
            (
                "durante a tempestade de domingo, {a:um} desapareceu.",
                "uma forte tempestade levou {a:um} no domingo.",
            ),
            ("só restou {b:um} {place}.", "também foi {b:danificado/danificada} {b:um}."),
            ("ninguém ficou ferido.", "por sorte não havia ninguém por perto."),
            ("para os próximos dias a previsão é de tempo bom.", "as buscas continuam amanhã."),
        ),
    ),
    Story(
        ("turma pinta {a:um}", "crianças mostram {a:um} e {b:um}", "exposição com {a:um}"),
        (
            ("uma turma pintou um quadro grande com {a:um}.", "os alunos mostram seus quadros nesta semana."),
            ("veem-se {a:um} e {b:um}.", "no quadro mais bonito, vê-se {a:um} {rel}."),
            ("o trabalho durou três semanas.", "cada criança pôde escolher uma cor."),
            ("a exposição está aberta até domingo.", "os quadros estão na biblioteca."),
        ),
    ),
)
