"""The demo shop's two pages: what it is, and its API. Neither needs another host."""

from __future__ import annotations

import sqlite3
from html import escape

from kefu.shop.records import OrderState

_STYLE = """
body{font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei",sans-serif;color:#1f2329;
margin:0 auto;max-width:960px;padding:24px}
h1{font-size:24px}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:8px 12px;border-bottom:1px solid #e5e6eb;vertical-align:top}
code{font-family:ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}a{color:#1456f0}
.note{background:#fff7e6;border:1px solid #ffd591;border-radius:8px;padding:12px 16px}
@media(max-width:600px){body{padding:16px}th,td{padding:6px}}
"""
_SHOWN = 5  # customers on the start page


def start_page(db: sqlite3.Connection) -> str:
    """Return the start page with a few customers to try."""
    rows = "".join(_row(db, f"o_demo_{index:04d}") for index in range(1, _SHOWN + 1))
    return f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>演示商城</title>
<style>{_STYLE}</style></head><body>
<h1>演示商城</h1>
<p>这是客服助手自带的一个商家订单系统，用来在接入真实商城之前试用查订单、查物流、查退款、查积分和申请售后。</p>
<p class="note">这里的顾客、订单、快递单号都是编造的演示数据，请勿用于正式环境。</p>
<p>接口说明：<a href="/docs">/docs</a>　运行状态：<a href="/health">/health</a></p>
<h2>可以试用的顾客</h2>
<p>以某位顾客的 openid 与客服助手对话，发送他的订单号或快递单号。
换成另一位顾客的号码，会得到「没有查到」。</p>
<table><thead><tr><th>openid</th><th>订单号（状态，快递单号）</th></tr></thead>
<tbody>{rows}</tbody></table>
<h2>模拟故障</h2>
<p>在本机执行，<code>mode</code> 可为 none、slow、fail、nonsense、refuse：</p>
<p><code>curl -X POST -H 'Content-Type: application/json'
-d '{{"mode":"slow","seconds":2,"rate":1.0}}' 本页地址/_control/faults</code></p>
</body></html>"""


def docs_page() -> str:
    """Return the API page; its script and style come from /docs/assets."""
    return """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>演示商城接口</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css"></head><body>
<div id="swagger-ui"></div><script src="/docs/assets/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url:"/openapi.json",dom_id:"#swagger-ui",validatorUrl:null,
supportedSubmitMethods:[]})</script></body></html>"""


def _row(db: sqlite3.Connection, openid: str) -> str:
    orders = db.execute(
        "SELECT order_no, state, (SELECT tracking_no FROM parcels"
        " WHERE parcels.order_no = orders.order_no LIMIT 1) AS tracking_no"
        " FROM orders WHERE openid = ? ORDER BY created_at DESC LIMIT 9",
        (openid,),
    ).fetchall()
    lines = (
        f"<code>{escape(o['order_no'])}</code>（{OrderState(o['state']).label}"
        + (f"，<code>{escape(o['tracking_no'])}</code>）" if o["tracking_no"] else "）")
        for o in orders
    )
    return f"<tr><td><code>{escape(openid)}</code></td><td>{'<br>'.join(lines)}</td></tr>"
