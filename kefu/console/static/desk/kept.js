// What the browser keeps for a person until it is said: drafts, and messages on their way.

const PREFIX = "kefu:";
const OLDEST_MILLISECONDS = 24 * 3600 * 1000;

export class Kept {
  constructor(login) {
    this.login = login;
    forget((key) => !key.startsWith(`${PREFIX}${login}:`));
  }

  draft(number) {
    return localStorage.getItem(this.#key("draft", number)) ?? "";
  }

  /** Tell whether the draft is a note: it must not go to the customer. */
  draftIsNote(number) {
    return localStorage.getItem(this.#key("note", number)) !== null;
  }

  keepDraft(number, text, isNote = false) {
    this.#set("draft", number, text);
    this.#set("note", number, text && isNote ? "yes" : "");
  }

  /** Return the messages on their way, oldest first. */
  entries() {
    const start = this.#key("out", "");
    return keys()
      .filter((key) => key.startsWith(start))
      .map((key) => read(key))
      .filter((entry) => entry && Date.now() - entry.at < OLDEST_MILLISECONDS)
      .sort((one, other) => one.at - other.at);
  }

  entry(key) {
    return read(this.#key("out", key));
  }

  keep(entry) {
    put(this.#key("out", entry.key), JSON.stringify(entry));
  }

  drop(key) {
    localStorage.removeItem(this.#key("out", key));
  }

  #set(kind, name, text) {
    if (text) put(this.#key(kind, name), text);
    else localStorage.removeItem(this.#key(kind, name));
  }

  #key(kind, name) {
    return `${PREFIX}${this.login}:${kind}:${name}`;
  }
}

/** Remove everything that is kept, or what a test picks. */
export function forget(picks = () => true) {
  for (const key of keys()) {
    if (key.startsWith(PREFIX) && key.split(":").length > 2 && picks(key)) localStorage.removeItem(key);
  }
}

function keys() {
  return Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index));
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function put(key, text) {
  try {
    localStorage.setItem(key, text);
  } catch {
    // The browser keeps nothing (full, or private): it is sent all the same.
  }
}
