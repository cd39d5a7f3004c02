// The double's control interface, as the pages use it.

/** A request that the double refused or that did not reach it; the message may be shown. */
export class ControlError extends Error {
  constructor(message, refused) {
    super(message);
    this.refused = refused;
  }
}

async function ask(method, path, { query, body, signal } = {}) {
  const address = query ? `${path}?${new URLSearchParams(query)}` : path;
  const options = { method, signal, cache: "no-store" };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ControlError("连不上微信模拟平台，请确认它在运行", false);
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok || answer === null) {
    throw new ControlError(answer?.error ?? `微信模拟平台出错（HTTP ${response.status}）`, true);
  }
  return answer;
}

/** Return the JSON at a path. Throws ControlError. */
export function get(path, query, signal) {
  return ask("GET", path, { query, signal });
}

/** Post a JSON body and return the JSON answer. Throws ControlError. */
export function post(path, body) {
  return ask("POST", path, { body });
}

/** Delete what is at a path. Throws ControlError. */
export function remove(path) {
  return ask("DELETE", path);
}

/** Return the address of a media file that the double keeps. */
export function mediaUrl(mediaId) {
  return `/_control/media/${encodeURIComponent(mediaId)}`;
}

/** Resolve after so many milliseconds, or as soon as the signal aborts. */
export function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
