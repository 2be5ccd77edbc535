// Shows what needs a script, and says in words why a passkey did not work.
(() => {
  const words = document.getElementById("passkey-words").dataset;
  const said = {
    NotAllowedError: words.refused,
    AbortError: words.refused,
    SecurityError: words.place,
    InvalidStateError: words.known,
  };
  for (const part of document.querySelectorAll("[data-needs-script]")) {
    part.hidden = !window.PublicKeyCredential;
  }
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const place = document.querySelector("[data-passkey-error]");
    if (!place) return;
    place.textContent = said[event.detail.exception.name] || words.failed;
    place.hidden = false;
  });
})();
