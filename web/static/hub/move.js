/** How near to the upper or lower edge of the window a drag scrolls the page, in pixels. */
const EDGE = 96;

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

/** The column below the pointer, even if something fixed covers it there. */
function columnAt(page, { x, y }) {
  return [...page.querySelectorAll("[data-column]")].find((column) => {
    const { left, top, right, bottom } = column.getBoundingClientRect();
    return x >= left && x <= right && y >= top && y <= bottom;
  });
}

/** Scrolls the page while the pointer is near an edge, the faster the nearer. Calls back after each step. */
function scrollAtEdges(pointer, moved) {
  let frame;
  const step = () => {
    const above = EDGE - pointer.y;
    const below = pointer.y - (innerHeight - EDGE);
    const by = Math.ceil(Math.max(above, below, 0) / 6) * (above > 0 ? -1 : 1);
    const before = scrollY;
    if (by) scrollBy({ top: by, behavior: "instant" });
    if (scrollY !== before) moved();
    frame = requestAnimationFrame(step);
  };
  step();
  return () => cancelAnimationFrame(frame);
}

/** Follows the pointer until it is lifted. `page` has captured it: the widget that is moved would lose it. */
function drag(page, dragged, pointer) {
  const ending = new AbortController();
  const { signal } = ending;
  const before = { column: dragged.parentElement, next: dragged.nextElementSibling };
  const allowed = dragged.querySelector(".widget-controls").dataset.columns.split(" ");
  const place = () => {
    const column = columnAt(page, pointer);
    if (!column || !allowed.includes(column.dataset.column)) return;
    const next = dropBefore(column, dragged, pointer.y) ?? null;
    if (dragged.parentElement !== column || dragged.nextElementSibling !== next) column.insertBefore(dragged, next);
  };
  const stopScrolling = scrollAtEdges(pointer, place);
  const end = () => {
    ending.abort();
    stopScrolling();
    dragged.classList.remove("dragged");
  };
  const cancel = () => {
    end();
    before.column.insertBefore(dragged, before.next);
  };
  const drop = () => {
    end();
    const { parentElement: column, nextElementSibling: next } = dragged;
    if (column === before.column && next === before.next) return;
    submit(dragged, column.dataset.column, [...column.querySelectorAll(":scope > [data-widget]")].indexOf(dragged));
  };
  dragged.classList.add("dragged");
  const move = ({ clientX: x, clientY: y }) => {
    Object.assign(pointer, { x, y });
    place();
  };
  page.addEventListener("pointermove", move, { signal });
  page.addEventListener("pointerup", drop, { signal });
  page.addEventListener("pointercancel", cancel, { signal });
  const escape = ({ key }) => {
    if (key === "Escape") cancel();
  };
  document.addEventListener("keydown", escape, { signal });
}

/** Lets owners drag widgets by their handles, with mouse, pen and finger. Buttons do the same for the keyboard. */
export function enableMoving(page) {
  page.addEventListener("pointerdown", (event) => {
    const dragged = event.target.closest("[data-handle]")?.closest("[data-widget]");
    if (!dragged || event.button !== 0) return;
    event.preventDefault();
    page.setPointerCapture(event.pointerId);
    drag(page, dragged, { x: event.clientX, y: event.clientY });
  });
}
