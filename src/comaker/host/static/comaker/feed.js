// Lets people stop what moves on its own: the live feed rests while paused, and while nobody looks.
const button = document.querySelector("[data-pause]");
if (button) {
  const feed = document.getElementById(button.dataset.pause);
  const pauseText = button.textContent;
  let isPaused = false;
  button.hidden = false;
  button.addEventListener("click", () => {
    isPaused = !isPaused;
    button.textContent = isPaused ? button.dataset.resumeText : pauseText;
  });
  feed.addEventListener("htmx:beforeRequest", (event) => {
    if (isPaused || document.hidden || feed.contains(document.activeElement)) {
      event.preventDefault();
    }
  });
}
