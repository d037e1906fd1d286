"""Chinese sentences."""

from __future__ import annotations

from pipelines.scenes.language.grammar import Story

CAPTIONS = {
    "relation": (
        "{a:one}在{rel}。",
        "{rel}有{a:one}。",
        "{rel}是{a:one}。",
        "图中{rel}有{a:one}。",
        "可以看到{rel}有{a:one}。",
        "图片里有{a:one}，它在{rel}。",
        "图中有{b:one}，它的{side}有{a:one}。",
        "{a}在{rel:bare}。",
    ),
    "beside": ("{b:one}的旁边有{a:one}，在它的{side}。", "{rel}可以看到{a:one}。"),
    "relation_place": (
        "{place}有{b:one}，它的{side}有{a:one}。",
        "{place}有{b:one}，{side}是{a:one}。",
        "{place}，{rel}有{a:one}。",
        "{place}，{a:one}在{rel}。",
        "{place}可以看到{a:one}在{rel}。",
        "图中{place}有{b:one}，{a:one}在它的{side}。",
    ),
    "pair": (
        "{place}有{a:one}和{b:one}。",
        "图中{place}有{a:one}和{b:one}。",
        "{a:one}和{b:one}在{place}。",
        "{place}可以看到{a:one}和{b:one}。",
        "{place}有{a:one}，还有{b:one}。",
    ),
    "triple": (
        "{place}有{a:one}、{b:one}和{c:one}。",
        "图中{place}可以看到{a:one}、{b:one}和{c:one}。",
        "{place}有{a:one}、{b:one}，还有{c:one}。",
    ),
    "two_things": ("{place}有两样东西：{a:one}和{b:one}。", "图中{place}可以看到两样东西，{a:one}和{b:one}。"),
    "three_things": (
        "{place}有三样东西：{a:one}、{b:one}和{c:one}。",
        "图中{place}可以看到三样东西：{a:one}、{b:one}和{c:one}。",
    ),
    "single": ("{place}有{a:one}。", "图中{place}有{a:one}。", "{a:one}在{place}。", "{place}可以看到{a:one}。"),
}
HYPOTHESES = {
    "exists": ("图中有{a:one}。", "图片里可以看到{a:one}。", "图片里有{a:one}。"),
    "none": ("图中没有{a}。", "图片里看不到{a}。"),
    "colour_is": ("{a}是{b:colour}。", "图中的{a}是{b:colour}。"),
    "size_is": ("{a}很{b:size}。", "图中的{a}很{b:size}。"),
}
QUERIES = {
    "relation": (
        "{b:tight}·{side}·的·{a:tight}",
        "{a:tight}·在·{b:tight}·{side}",
        "{b:tight}·{side}·有·{a:tight}·的·图片",
        "{a:tight}·和·{b:tight}·的·图片",
        "{a:tight}·和·{b:tight}",
        "{b:tight}·{side}·的·{a:tight}·在·哪里",
    ),
    "pair": (
        "{place}·的·{a:tight}·和·{b:tight}",
        "{a:tight}·和·{b:tight}",
        "{place}·有·{a:tight}·和·{b:tight}",
        "{a:tight}·和·{b:tight}·照片",
    ),
    "single": (
        "{place}·的·{a:tight}",
        "{place}·的·{a:tight}·图片",
        "{place}·的·{a:tight}·免费·照片",
        "怎么·画·{a:one}",
    ),
    "short": ("{a:tight}", "{a:tight}·图片", "{a:one}"),
}
TITLES = (
    "图片：{a:tight}和{b:tight}｜{site}",
    "{place}的{a:one}和{b:one} – {site}",
    "{a:tight}和{b:tight}的照片｜{site}",
    "{site}：{place}的{a:tight}",
    "{place}有{a:tight}和{b:tight}｜{site}照片",
    "{a:tight}和{b:tight}免费图片 – {site}",
    "{a:tight}等图片｜{site}",
)
SITES = ("图乐屋", "影像谷仓", "点点草甸", "像素小盒", "看看坡")
TEXT = (
    "昨天我们在{place}看到了{a:one}。",
    "昨天我们在{place}看到了{a:one}。它在{rel}。",
    "{rel}有{a}吗？",
    "{a}在哪里？",
    "你把{a}和{b}放在哪里了？",
    "{a}比{b}大吗？",
    "{a}比{b}大。",
    "{a}比{b}小，但是我更喜欢它。",
    "我喜欢{a}，但是不喜欢{b}。",
    "我宁愿要{a:one}，也不要{b}。",
    "妹妹过生日想要{a:one}。",
    "弟弟在{rel}画了{a:one}。",
    "孩子们画了{place}的{a:one}。",
    "你喜欢{a}还是{b}？",
    "{place}有{a:count 两}{a}和{b:count 三}{b}。",
    "{place}的{a:count 四}{a}排成一排。",
    "今天没有人看到{a:this}。",
    "下雨的时候，{a}就不在{place}了。",
    "早上{a:this}还在{place}。",
    "她问{a:this}是不是在{rel:this}。",
    "他在找{a:one}，结果找到了{b:one}。",
    "从前有{a:one}。它在{rel}等着{c:one}。",
    "我们出去散步，忽然看到{place}有{a:one}。",
    "我们的邻居有{a:one}和{b:one}。",
    "仔细看的话，可以在{rel}找到{a:one}。",
    "{a}比{b}更少见。",
    "老师给我们看了{a:one}、{b:one}和{c:one}。",
    "{a:this}和{b:this}一样漂亮。",
    "请把{a:this}拿给我，不要拿{b:this}。",
    "{a}和{b}，哪一个更贵？",
    "我梦见了{place}的{a:one}。",
    "为什么{a:this}不在{rel:this}？",
    "她先画了{a:one}，然后画了{b:one}，最后画了{c:one}。",
    "博物馆里挂着一幅画，画的是{a:one}和{b:one}。",
    "{place}没有{a}。",
    "那个孩子在说{a}和{b}的事。",
)
STORIES = (
    Story(
        ("{place}发现{a:one}", "散步居民发现{a:one}", "谁丢了{a:one}？"),
        (
            ("星期一早上，散步的居民在{place}发现了{a:one}。", "周末，一家人在{place}发现了{a:one}。"),
            ("它就在{rel}。", "旁边还有{b:one}。"),
            ("目前还没有人知道它是谁的。", "市里正在寻找它的主人。"),
            ("如有线索，请联系市政府。", "在找到主人之前，它将留在市政府。"),
        ),
    ),
    Story(
        ("城里来了{a:one}", "{a}受到游客欢迎", "城里的新景点：{a:one}"),
        (
            ("从星期五开始，{place}有了{a:one}。", "城里有了一个新景点：{a:one}。"),
            ("很多游客已经拍了照片。", "孩子们特别高兴。"),
            ("明年还会增加{b:one}。", "不久以后，那里还会有{b:one}。"),
            ("市长说，这是全城的好日子。", "参观是免费的。"),
        ),
    ),
    Story(
        ("暴风雨卷走{a:one}", "暴风雨过后{a:tight}不见了", "暴风雨：{a:one}失踪"),
        (
            ("在星期天的暴风雨中，{a:one}不见了。", "星期天，一场强烈的暴风雨卷走了{a:one}。"),
            ("{place}只剩下{b:one}。", "{b:one}也被损坏了。"),
            ("没有人受伤。", "幸好附近没有人。"),
            ("预计未来几天天气平静。", "明天将继续寻找。"),
        ),
    ),
    Story(
        ("小学生画了{a:one}", "孩子们展出{a:tight}和{b:tight}", "{a:tight}画展开幕"),
        (
            ("一个班的学生画了一幅大画，画的是{a:one}。", "学生们这个星期展出自己的画。"),
            ("画里有{a:one}和{b:one}。", "在最漂亮的一幅画里，{rel}有{a:one}。"),
            ("他们画了三个星期。", "每个孩子都可以选一种颜色。"),
            ("画展开放到星期天。", "这些画挂在图书馆里。"),
        ),
    ),
)
