// Tabs, the theme, and lighting up a kernel wherever it is shown. Without this script all plans are shown in turn.
const root = document.documentElement;
const darkByDefault = matchMedia("(prefers-color-scheme: dark)");
root.dataset.theme = darkByDefault.matches ? "dark" : "light";
darkByDefault.addEventListener("change", (e) => {
  root.dataset.theme = e.matches ? "dark" : "light";
});
document.getElementById("theme").addEventListener("click", () => {
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
});

const plans = [...document.querySelectorAll(".plan")];
const planTabs = [...document.querySelectorAll("nav.plans button")];
function showPlan(id) {
  for (const p of plans) p.hidden = p.id !== id;
  for (const t of planTabs) t.setAttribute("aria-selected", String(t.dataset.plan === id));
}
for (const t of planTabs) t.addEventListener("click", () => showPlan(t.dataset.plan));
showPlan(plans[0].id);

for (const plan of plans) {
  const tabs = [...plan.querySelectorAll(".tabs button")];
  const drawings = [...plan.querySelectorAll(".drawing")];
  const showGraph = (name) => {
    for (const d of drawings) d.hidden = d.dataset.graph !== name;
    for (const t of tabs) t.setAttribute("aria-selected", String(t.dataset.graph === name));
  };
  for (const t of tabs) t.addEventListener("click", () => showGraph(t.dataset.graph));
  showGraph("after");

  const light = (kernels) => {
    const lit = new Set(kernels);
    for (const e of plan.querySelectorAll("[data-kernel]"))
      e.classList.toggle("lit", lit.has(e.dataset.kernel));
    for (const l of plan.querySelectorAll("[data-kernels]"))
      l.classList.toggle(
        "lit",
        l.dataset.kernels.split(" ").some((k) => lit.has(k)),
      );
    for (const e of plan.querySelectorAll(".drawing[data-graph='after'] .edge"))
      e.classList.toggle("lit", lit.has(e.dataset.from.slice(1)) || lit.has(e.dataset.to.slice(1)));
  };
  const kernelsAt = (target) => {
    const one = target.closest("[data-kernel]");
    if (one !== null) return [one.dataset.kernel];
    const several = target.closest("[data-kernels]");
    return several === null ? [] : several.dataset.kernels.split(" ");
  };
  plan.addEventListener("mouseover", (e) => light(kernelsAt(e.target)));
  plan.addEventListener("mouseleave", () => light([]));
  // A click on a kernel outside its row opens the row.
  plan.addEventListener("click", (e) => {
    if (e.target.closest("details") !== null) return;
    const [kernel] = kernelsAt(e.target);
    const row = kernel === undefined ? null : document.getElementById(`${plan.id}-kernel${kernel}`);
    if (row === null) return;
    for (let d = row; d !== null; d = d.parentElement.closest("details")) d.open = true;
    row.scrollIntoView({ behavior: "smooth", block: "center" });
  });
}
