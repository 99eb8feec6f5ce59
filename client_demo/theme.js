// Runs before the first paint, so that a dark room never sees a white flash.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const choice = () => {
    try {
      return JSON.parse(localStorage.getItem("tongchuan.settings.v1") ?? "{}").theme;
    } catch {
      return "system";
    }
  };
  const show = (wish = choice()) => {
    const theme = wish === "light" || wish === "dark" ? wish : dark.matches ? "dark" : "light";
    document.documentElement.dataset.theme = theme;
  };
  dark.addEventListener("change", () => show());
  globalThis.showTheme = show;
  show();
})();
