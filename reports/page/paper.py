"""What the paper reports (arXiv 2006.02635v1), table by table: its data sets, languages and figures, and no others."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "arXiv 2006.02635v1"
AVERAGE = "average"  # stands where a language would

Figures = dict[str, tuple[float, ...]]  # by language or direction, one number a measure


@dataclass(frozen=True)
class Group:
    """The columns of one data set.

    Attributes:
        dataset: what a profile's ``paper_datasets`` calls it.
        title: what the paper calls it.
        parts: languages or directions, in the paper's order.
        average: whether the paper reports the average over them.
        kind: what tells two groups of one data set apart, as our own numbers call it; empty where it has one.
    """

    dataset: str
    title: str
    parts: tuple[str, ...]
    average: bool = False
    kind: str = ""


@dataclass(frozen=True)
class Line:
    """A row of the paper's.

    Attributes:
        setting: the setting beside whose row of ours it stands; empty where the paper's is not known to us.
        label: the setting in words, and the network where it is another than M3P.
        figures: by the titles of their groups.
    """

    setting: str
    label: str
    figures: dict[str, Figures]


@dataclass(frozen=True)
class Published:
    """One table of the paper's: its task, its data sets in words, these data sets' columns, its rows."""

    task: str
    title: str
    groups: tuple[Group, ...]
    lines: tuple[Line, ...]


def _figures(parts: str, *measures: str) -> Figures:
    """``_figures("en de", "61.1 35.7")``: a column a part, a string a measure."""
    numbers = zip(*(map(float, measure.split()) for measure in measures), strict=True)
    return dict(zip(parts.split(), numbers, strict=True))


_MULTI30K, _MSCOCO = "en de fr cs", "en ja zh"
_MILD = "en es fr de it pt zh ja"
_XNLI = "en fr es de el bg ru tr ar vi th zh hi sw ur"
_NTG = "en es fr de ru"


def _retrieval(setting: str, label: str, multi30k: str, mscoco: str) -> Line:
    return Line(setting, label, {"Multi30K": _figures(_MULTI30K, multi30k), "MSCOCO": _figures(_MSCOCO, mscoco)})


TABLES = (
    Published(
        "retrieval", "Multi30K and MSCOCO",
        (
            Group("multi30k", "Multi30K", tuple(_MULTI30K.split())),
            Group("mscoco", "MSCOCO", tuple(_MSCOCO.split())),
        ),
        (
            _retrieval("none", "no fine-tune", "61.1 35.7 24.7 26.4", "62.1 32.1 33.3"),
            _retrieval("en", "on en", "86.0 48.8 39.4 38.8", "87.4 54.4 55.8"),
            _retrieval("each", "on each", "86.0 80.2 67.1 66.2", "87.4 83.9 77.4"),
            _retrieval("all", "on all", "86.7 82.0 73.5 70.2", "88.0 86.8 81.8"),
        ),
    ),
    Published(
        "mild", "MILD",
        (
            Group("mild", "MILD, query", tuple(_MILD.split()), average=True, kind="query"),
            Group("mild", "MILD, query and context", tuple(_MILD.split()), average=True, kind="query-context"),
        ),
        (
            Line(
                "all", "on all",
                {
                    "MILD, query": _figures(f"{_MILD} {AVERAGE}", "19.6 7.8 7.8 9.1 7.6 8.2 19.8 11.2 11.4"),
                    "MILD, query and context": _figures(
                        f"{_MILD} {AVERAGE}", "81.7 54.6 56.7 52.8 53.2 52.0 77.3 58.6 60.9"
                    ),
                },
            ),
        ),
    ),
    Published(
        "captioning", "Multi30K and MSCOCO",
        (
            Group("multi30k", "Multi30K", tuple(_MULTI30K.split())),
            Group("mscoco", "MSCOCO", tuple(_MSCOCO.split())),
        ),
        (
            Line(
                "all", "on all",
                {
                    "Multi30K": _figures(_MULTI30K, "26.5 16.6 8.7 5.4", "59.4 44.3 40.1 31.1"),
                    "MSCOCO": _figures(_MSCOCO, "33.9 40.9 40.2", "112.3 109.7 111.3"),
                },
            ),
        ),
    ),
    Published(
        "translation", "Multi30K",
        (Group("multi30k", "Multi30K", ("en-fr", "fr-en", "en-de", "de-en")),),
        (
            Line(
                "", "fine-tuned; which setting is not known to us",
                {"Multi30K": _figures("en-fr fr-en en-de de-en", "55.5 48.7 35.7 36.8")},
            ),
        ),
    ),
    Published(
        "entailment", "XNLI",
        (Group("xnli", "XNLI", tuple(_XNLI.split()), average=True),),
        (
            Line(
                "en", "on en",
                {
                    "XNLI": _figures(
                        f"{_XNLI} {AVERAGE}",
                        "82.3 76.3 77.0 74.1 73.2 76.2 74.1 70.3 69.2 73.9 69.6 72.9 68.6 59.4 64.7 72.1",
                    )
                },
            ),
            Line("en", "on en, XLM-R base", {"XNLI": _figures(AVERAGE, "74.2")}),
        ),
    ),
    Published(
        "headlines", "XGLUE NTG",
        (Group("ntg", "XGLUE NTG", tuple(_NTG.split()), average=True),),
        (Line("en", "on en", {"XGLUE NTG": _figures(f"{_NTG} {AVERAGE}", "14.1 8.0 7.3 5.2 6.1 8.1")}),),
    ),
)  # fmt: skip

DATASETS = tuple(dict.fromkeys(group.dataset for table in TABLES for group in table.groups))


def table_of(task: str) -> Published | None:
    """The paper's table about a task; None where the paper has none."""
    return next((table for table in TABLES if table.task == task), None)


def clashing(datasets: tuple[str, ...]) -> tuple[str, str] | None:
    """Two data sets of one task, of which a profile can measure one; None where no task has two."""
    for table in TABLES:
        named = list(dict.fromkeys(group.dataset for group in table.groups if group.dataset in datasets))
        if len(named) > 1:
            return named[0], named[1]
    return None
