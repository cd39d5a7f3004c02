"""What the demo shop sells, and where its parcels go."""

from __future__ import annotations

from zoneinfo import ZoneInfo

# The clock that the shop lives by, wherever it runs.
ZONE = ZoneInfo("Asia/Shanghai")

# Title and price of one piece in cents.
GOODS = (
    ("纯棉圆领短袖T恤 白色 L", 5900),
    ("高腰直筒牛仔裤 深蓝 28码", 15900),
    ("轻薄羽绒服 黑色 M", 39900),
    ("女士针织开衫 杏色 均码", 12900),
    ("男士休闲运动鞋 灰色 42码", 26900),
    ("儿童防晒衣 粉色 120cm", 8900),
    ("真丝小方巾 花卉款", 9900),
    ("保温杯 500ml 墨绿色", 7900),
    ("不粘平底锅 28cm", 18900),
    ("记忆棉枕头 一对装", 16800),
    ("四件套 纯棉 1.8米床", 29900),
    ("香薰蜡烛 雪松味", 4900),
    ("无线蓝牙耳机 白色", 19900),
    ("20000毫安充电宝", 12900),
    ("机械键盘 87键 青轴", 25900),
    ("手机壳 透明防摔", 2900),
    ("氨基酸洁面乳 120g", 6900),
    ("保湿面膜 10片装", 8900),
    ("坚果礼盒 1.2kg", 13800),
    ("明前龙井 100g 罐装", 16800),
    ("手冲咖啡豆 中度烘焙 250g", 6800),
    ("宠物猫砂 6L 三包装", 7500),
    ("瑜伽垫 加宽 10mm", 9800),
    ("折叠雨伞 晴雨两用", 5500),
)

# Letters of the tracking number and name of the courier.
COURIERS = (
    ("SF", "顺丰速运"),
    ("YT", "圆通速递"),
    ("ZT", "中通快递"),
    ("JD", "京东物流"),
)

ORIGINS = ("杭州", "广州", "苏州", "东莞")
CITIES = (
    "北京",
    "上海",
    "成都",
    "武汉",
    "西安",
    "重庆",
    "长沙",
    "南京",
    "郑州",
    "青岛",
    "昆明",
    "沈阳",
)
STATIONS = ("高新区营业点", "人民路营业点", "大学城营业点", "滨江营业点", "城东营业点")

REASONS = (
    "拍错了/不想要了",
    "尺码不合适",
    "与描述不符",
    "收到商品有破损",
    "发货太慢",
    "商家发错货",
    "七天无理由",
)

# Name of the level and the growth value that it begins at.
LEVELS = (("普通会员", 0), ("银卡会员", 1000), ("金卡会员", 5000), ("钻石会员", 20000))
