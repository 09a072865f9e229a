/** The form that moves a widget, as its buttons do. */
function submit(widget, column, position) {
  const form = widget.querySelector(".widget-controls");
  for (const [name, value] of Object.entries({ act: "place", side: column, position })) {
    const field = form.querySelector(`input[name="${name}"]`) ?? document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  form.submit();
}

/** The widget of a column before which a pointer at this height would drop another. */
function dropBefore(column, dragged, y) {
  const others = [...column.querySelectorAll(":scope > [data-widget]")].filter((widget) => widget !== dragged);
  return others.find((widget) => {
    const { top, height } = widget.getBoundingClientRect();
    return y < top + height / 2;
  });
}

/** Lets owners drag widgets by their handles, with mouse, pen and finger. Buttons do the same for the keyboard. */
export function enableMoving(page) {
  page.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest("[data-handle]");
    const dragged = handle?.closest("[data-widget]");
    if (!dragged || event.button !== 0) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    dragged.classList.add("dragged");
    const before = { parent: dragged.parentElement, next: dragged.nextElementSibling };
    const move = ({ clientX, clientY }) => {
      const column = document.elementFromPoint(clientX, clientY)?.closest("[data-column]");
      const allowed = dragged.querySelector(".widget-controls").dataset.columns.split(" ");
      if (!column || !allowed.includes(column.dataset.column)) return;
      column.insertBefore(dragged, dropBefore(column, dragged, clientY) ?? null);
    };
    const end = (ended) => {
      handle.removeEventListener("pointermove", move);
      dragged.classList.remove("dragged");
      const { parentElement: column, nextElementSibling: next } = dragged;
      if (column === before.parent && next === before.next) return;
      if (ended.type === "pointercancel") {
        before.parent.insertBefore(dragged, before.next);
        return;
      }
      submit(dragged, column.dataset.column, [...column.querySelectorAll(":scope > [data-widget]")].indexOf(dragged));
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end, { once: true });
    handle.addEventListener("pointercancel", end, { once: true });
  });
}
