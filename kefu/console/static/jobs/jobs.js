// A page with a job on it: a server that restarts is waited for, not complained of each second.
"use strict";

(() => {
  /** Tell whether something happened to a request about how far a job is. */
  function ofJob(event) {
    return event.target instanceof Element && event.target.closest(".job");
  }

  /** Say beside the bar that the server does not answer. */
  function lost(event) {
    const job = ofJob(event);
    if (!job) return;
    event.stopPropagation();
    const said = job.querySelector(".job-lost");
    if (said) said.hidden = false;
  }

  // Below the document, where every other failure becomes a notice.
  document.body.addEventListener("htmx:sendError", lost);
  document.body.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status >= 500) lost(event);
  });

  const file = document.querySelector("input[type=file][data-largest]");
  if (file) {
    const said = document.getElementById(file.dataset.says);
    file.addEventListener("change", () => {
      const largest = Number(file.dataset.largest);
      const tooLarge = file.files.length > 0 && file.files[0].size > largest;
      file.setCustomValidity(tooLarge ? said.textContent : "");
      said.hidden = !tooLarge;
    });
  }
})();
