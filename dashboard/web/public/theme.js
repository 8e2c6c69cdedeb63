// Runs before the first paint: a theme chosen with the toggle wins over the system's.
try {
  const theme = localStorage.getItem("fieldmesh.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme stays.
}
