// What calls an agent to the page: the title, a sound, a sentence for those who listen.

import { byId } from "./dom.js";

const TITLE = document.title;
const MUTED = "kefu-muted";
const PAUSE = 1500;

export class Attention {
  constructor() {
    this.rungAt = 0;
    this.button = byId("sound");
    this.button.addEventListener("click", () => this.#mute(!this.muted));
    this.#mute(this.muted);
  }

  get muted() {
    return localStorage.getItem(MUTED) === "yes";
  }

  count(number) {
    document.title = number ? `(${number}) ${TITLE}` : TITLE;
  }

  /** Tell those who listen to the page, and ring where it is worth it. */
  tell(text, rings) {
    byId("announce").textContent = text;
    if (rings && !this.muted && Date.now() - this.rungAt > PAUSE) this.#ring();
  }

  #mute(yes) {
    localStorage.setItem(MUTED, yes ? "yes" : "no");
    this.button.setAttribute("aria-pressed", String(!yes));
    this.button.textContent = `提示音：${yes ? "关" : "开"}`;
  }

  #ring() {
    this.rungAt = Date.now();
    try {
      this.audio ??= new AudioContext();
      const tone = this.audio.createOscillator();
      const volume = this.audio.createGain();
      const now = this.audio.currentTime;
      tone.frequency.value = 880;
      volume.gain.setValueAtTime(0.08, now);
      volume.gain.exponentialRampToValueAtTime(0.0001, now + 0.35);
      tone.connect(volume).connect(this.audio.destination);
      tone.start(now);
      tone.stop(now + 0.4);
    } catch {
      // The browser makes no sound before the page has been touched.
    }
  }
}
