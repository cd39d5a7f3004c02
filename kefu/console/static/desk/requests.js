// Requests to the server: what came back, and whether it is worth another try.
/* global kefu */

const PATIENCE_MILLISECONDS = 15_000;
const WORTH_A_TRY = [408, 425, 429, 500, 502, 503, 504];

/**
 * POST fields. Returns {ok, data, error, again}: `again` means that it may succeed later
 * and that nobody knows whether it has already.
 */
export async function post(url, fields) {
  const headers = { "X-CSRF-Token": kefu.csrf(), Accept: "application/json" };
  const body = fields instanceof Blob ? fields : new URLSearchParams(fields);
  let answer;
  let text;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
    answer = await fetch(url, { method: "POST", body, headers, signal });
    text = await answer.text();
  } catch {
    return { ok: false, again: true, error: "连接不上服务器" };
  }
  if (answer.status === 401) {
    kefu.signInAgain();
    return { ok: false, again: true, error: "登录已过期" };
  }
  if (answer.ok) return { ok: true, data: parsed(text) };
  const again = WORTH_A_TRY.includes(answer.status);
  return { ok: false, again, status: answer.status, error: kefu.failure(answer.status, text) };
}

/**
 * GET a text; null after a notice where that is impossible. `options`: headers, signal,
 * quiet (no notice); the status of the answer is written into it.
 */
export async function get(url, options = {}) {
  let answer;
  try {
    answer = await fetch(url, { headers: { Accept: "application/json", ...options.headers }, signal: options.signal });
  } catch (error) {
    if (error.name !== "AbortError" && !options.quiet) kefu.notice("连接不上服务器，请检查网络后再试");
    return null;
  }
  options.status = answer.status;
  if (answer.status === 401) kefu.signInAgain();
  const text = await answer.text();
  if (answer.ok) return text;
  if (answer.status !== 401 && !options.quiet) kefu.notice(kefu.failure(answer.status, text));
  return null;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
