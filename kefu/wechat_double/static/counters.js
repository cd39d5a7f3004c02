// Figures of the double's record.

const OUTCOMES = { success: "已应答", transfer: "转给人工", fault: "失败" };

function tally(rows, key) {
  const counts = new Map();
  for (const row of rows) counts.set(row[key], (counts.get(row[key]) ?? 0) + 1);
  return counts;
}

/** Return [label, number] lines for what was pushed, what was sent, and calls by errcode. */
export function countersOf({ sends, pushes, calls }) {
  const attempts = pushes.reduce((sum, push) => sum + push.attempts, 0);
  const outcomes = [...tally(pushes, "outcome")];
  const refused = sends.filter(({ errcode }) => errcode !== 0).length;
  return [
    ["推送的消息和事件", pushes.length],
    ...outcomes.map(([outcome, number]) => [`　${OUTCOMES[outcome] ?? "进行中"}`, number]),
    ["投递次数（含重推）", attempts],
    ["收到的下发", sends.length],
    ["　其中被拒绝", refused],
    ...calls.map(({ path, errcode, count }) => [`${path}（${errcode}）`, count]),
  ];
}
