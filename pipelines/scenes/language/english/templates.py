"""English sentences."""

from __future__ import annotations

from pipelines.scenes.language.grammar import Story

CAPTIONS = {
    "relation": (
        "{a:a} is {rel}.",
        "there is {a:a} {rel}.",
        "{rel} there is {a:a}.",
        "{rel} is {a:a}.",
        "{rel} you can see {a:a}.",
        "you see {a:a} {rel}.",
        "the picture shows {a:a} {rel}.",
        "{a:a} can be seen {rel}.",
    ),
    "beside": ("{a:a} {a:stands|lies} {rel}.", "{rel} {a:stands|lies} {a:a}."),
    "relation_place": (
        "{place} there is {a:a} {rel}.",
        "{place} you see {a:a} {rel}.",
        "{place}, {a:a} is {rel}.",
        "{place} you can see {a:a} {rel}.",
        "the picture shows {b:a} {place} and {a:a} {side} it.",
        "there is {b:a} {place}, and {side} it is {a:a}.",
    ),
    "pair": (
        "there is {a:a} and {b:a} {place}.",
        "{place} there is {a:a} and {b:a}.",
        "{place} you see {a:a} and {b:a}.",
        "{a:a} and {b:a} are {place}.",
        "{a:a} and {b:a} can be seen {place}.",
        "the picture shows {a:a} and {b:a} {place}.",
    ),
    "triple": (
        "there is {a:a}, {b:a} and {c:a} {place}.",
        "{place} you see {a:a}, {b:a} and {c:a}.",
        "the picture shows {a:a}, {b:a} and {c:a} {place}.",
    ),
    "two_things": (
        "there are two things {place}: {a:a} and {b:a}.",
        "{place} you can see two things, {a:a} and {b:a}.",
    ),
    "three_things": (
        "there are three things {place}: {a:a}, {b:a} and {c:a}.",
        "{place} you can see three things: {a:a}, {b:a} and {c:a}.",
    ),
    "single": (
        "there is {a:a} {place}.",
        "{place} there is {a:a}.",
        "{a:a} is {place}.",
        "you can see {a:a} {place}.",
    ),
}
HYPOTHESES = {
    "exists": ("there is {a:a} in the picture.", "the picture shows {a:a}.", "you can see {a:a} in the picture."),
    "none": ("there is no {a:bare} in the picture.", "you cannot see {a:a} in the picture."),
    "colour_is": ("the {a:bare} is {b:colour}.", "the colour of {a:the} is {b:colour}."),
    "size_is": ("{a:the} is {b:size}.", "the picture shows that {a:the} is {b:size}."),
}
QUERIES = {
    "relation": (
        "{a:bare} {rel:bare}",
        "{a:bare} {rel}",
        "picture of {a:bare} {rel}",
        "{a:bare} and {b:bare} picture",
        "{a:bare} with {b:bare}",
        "where is {a:a} {rel}",
    ),
    "pair": (
        "{a:bare} and {b:bare} {place}",
        "{a:bare} and {b:bare}",
        "{a:bare} {b:bare} {place}",
        "photo {a:bare} {b:bare}",
    ),
    "single": (
        "{a:bare} {place}",
        "picture of {a:a} {place}",
        "image {a:bare} {place} free",
        "how to draw {a:a}",
    ),
    "short": ("{a:bare}", "{a:bare} picture", "{a:plural}"),
}
TITLES = (
    "Picture: {a:bare} and {b:bare} | {site}",
    "{a:a} and {b:a} {place} – {site}",
    "{a:bare} with {b:bare} {place} | {site}",
    "{site}: {a:a} {place}",
    "{place}: {a:bare} and {b:bare} – photos at {site}",
    "free picture of {a:a} and {b:a} – {site}",
    "{a:plural} and other pictures {place} | {site}",
)
SITES = ("Imagola", "Picturebarn", "Snapmeadow", "Pixelpantry", "Viewkettle")
TEXT = (
    "yesterday we saw {a:a} {place}.",
    "yesterday we saw {a:a} {place}. It was {rel}.",
    "is there {a:a} {rel}?",
    "where is {a:the}?",
    "where did you put {a:the} and {b:the}?",
    "is {a:the} bigger than {b:the}?",
    "{a:the} is bigger than {b:the}.",
    "{a:the} is smaller than {b:the}, but I like it more.",
    "I like {a:plural}, but I do not like {b:plural}.",
    "I would rather have {a:a} than {b:a}.",
    "my sister wants {a:a} for her birthday.",
    "my brother drew {a:a} {rel}.",
    "the children painted {a:a} {place}.",
    "do you prefer {a:plural} or {b:plural}?",
    "two {a:plural} and three {b:plural} are {place}.",
    "four {a:plural} are in a row {place}.",
    "nobody has seen {a:the} today.",
    "when it rains, {a:the} is no longer {place}.",
    "in the morning {a:the} was still {place}.",
    "she asked whether {a:the} was {rel:the}.",
    "he looked for {a:a} and found {b:a}.",
    "there was once {a:a}. It was {rel} and waited for {c:a}.",
    "we went for a walk and suddenly saw {a:a} {place}.",
    "our neighbours have {a:a} and {b:a}.",
    "if you look closely, you will find {a:a} {rel}.",
    "{a:plural} are rarer than {b:plural}.",
    "the teacher showed us {a:a}, {b:a} and {c:a}.",
    "{a:the} is as beautiful as {b:the}.",
    "please bring me {a:the} and not {b:the}.",
    "which is more expensive, {a:the} or {b:the}?",
    "I dreamed of {a:a} {place}.",
    "why is {a:the} not {rel:the}?",
    "first she drew {a:a}, then {b:a}, and finally {c:a}.",
    "in the museum hangs a painting of {a:a} and {b:a}.",
    "there are no {a:plural} {place}.",
)
STORIES = (
    Story(
        ("{a:bare} found {place}", "walkers find {a:bare} {place}", "who is missing {a:a}?"),
        (
            (
                "on Monday morning, walkers found {a:a} {place}.",
                "at the weekend a family came across {a:a} {place}.",
            ),
            ("it was {rel}.", "right beside it was {b:a}."),
            ("so far nobody knows whom it belongs to.", "the town is now looking for the owner."),
            ("anyone who is missing it can call the town hall.", "until then it will stay at the town hall."),
        ),
    ),
    Story(
        ("town gets {a:a}", "{a:bare} delights visitors", "new in town: {a:a}"),
        (
            ("since Friday there has been {a:a} {place}.", "the town now has a new sight: {a:a}."),
            ("many visitors have already taken pictures of it.", "the children especially are delighted."),
            ("next year {b:a} is to be added.", "soon there will be {b:a} there as well."),
            ("the mayor spoke of a good day for the town.", "admission is free."),
        ),
    ),
    Story(
        ("storm carries off {a:bare}", "{a:bare} gone after storm", "storm: {a:bare} disappears"),
        (
            ("during Sunday's storm {a:a} disappeared.", "a strong storm carried off {a:a} on Sunday."),
            ("only {b:a} was left {place}.", "the wind also damaged {b:a}."),
            ("nobody was hurt.", "luckily nobody was nearby."),
            ("for the coming days the weather service expects calm weather.", "the search will go on tomorrow."),
        ),
    ),
    Story(
        ("school class paints {a:bare}", "children show {a:bare} and {b:bare}", "exhibition with {a:bare} opens"),
        (
            ("a school class has painted a big picture with {a:a}.", "pupils are showing their pictures this week."),
            ("one picture shows {a:a} and {b:a}.", "in the best picture you can see {a:a} {rel}."),
            ("the work took three weeks.", "every child was allowed to choose a colour."),
            ("the exhibition is open until Sunday.", "the pictures hang in the library."),
        ),
    ),
)
