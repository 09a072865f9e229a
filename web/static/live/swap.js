import { tellTimes } from "../times.js";

const reduced = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * Replaces a part of the page by a newer one and returns the element that is now in its place. What stays the same
 * stays the same node, so focus, selection, scroll positions and open details are kept. Typed text is kept as well.
 *
 * Elements are the same if they have the same name and the same id, `data-key`, `data-refresh` or, for forms, action.
 */
export function swap(old, fresh) {
  const taken = document.importNode(fresh, true);
  tellTimes(taken);
  if (!isSame(old, taken)) {
    old.replaceWith(taken);
    return taken;
  }
  if (old.outerHTML === taken.outerHTML) return old;
  morph(old, taken);
  if (!reduced.matches) old.animate?.({ opacity: [0.65, 1] }, 180);
  return old;
}

function keyOf(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return "";
  const key = node.id || node.dataset?.key || node.dataset?.refresh;
  return key || (node.localName === "form" ? `form ${node.getAttribute("action")}` : "");
}

function isSame(one, other) {
  return (
    one.nodeType === other.nodeType &&
    one.localName === other.localName &&
    one.type === other.type &&
    keyOf(one) === keyOf(other)
  );
}

function morph(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  const control = CONTROLS[old.localName];
  const wasTouched = control?.isTouched(old);
  const chosen = old.value;
  takeAttributes(old, fresh);
  if (old.localName === "template") old.innerHTML = fresh.innerHTML;
  else morphChildren(old, fresh);
  if (control && !wasTouched) control.reset(old);
  // Other options may have come in between.
  else if (old.localName === "select" && old.value !== chosen) old.value = chosen;
}

/** What a visitor opened stays open. */
function isOwn(element, name) {
  return name === "open" && (element.localName === "details" || element.localName === "dialog");
}

function takeAttributes(old, fresh) {
  for (const { name, value } of fresh.attributes) {
    if (!isOwn(old, name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of Array.from(old.attributes)) {
    if (!isOwn(old, name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
}

function morphChildren(old, fresh) {
  const keyed = new Map();
  for (const child of old.children) if (keyOf(child)) keyed.set(keyOf(child), child);
  let next = old.firstChild;
  for (const wanted of Array.from(fresh.childNodes)) {
    const match = findMatch(next, wanted, keyed);
    if (match) {
      next = bring(old, match, next).nextSibling;
      morph(match, wanted);
    } else {
      old.insertBefore(wanted, next);
    }
  }
  while (next) {
    const last = next;
    next = next.nextSibling;
    last.remove();
  }
}

function findMatch(next, wanted, keyed) {
  const key = keyOf(wanted);
  if (key) {
    const match = keyed.get(key);
    keyed.delete(key);
    return match && isSame(match, wanted) ? match : null;
  }
  let candidate = next;
  while (candidate && !isSame(candidate, wanted)) candidate = candidate.nextSibling;
  return candidate;
}

/** Brings a child before `next`. An element that is moved loses the focus, so then the others move. */
function bring(parent, child, next) {
  if (child === next) return child;
  if (!child.contains(document.activeElement)) {
    parent.insertBefore(child, next);
    return child;
  }
  let between = next;
  while (between && between !== child) {
    const moved = between;
    between = between.nextSibling;
    parent.append(moved);
  }
  return child;
}

/** Whether a visitor has changed a control, and how it takes what the page says. */
const CONTROLS = {
  input: {
    isTouched: (input) => input.value !== input.defaultValue || input.checked !== input.defaultChecked,
    reset(input) {
      if (input.type !== "file" && input.value !== input.defaultValue) input.value = input.defaultValue;
      input.checked = input.defaultChecked;
    },
  },
  textarea: {
    isTouched: (area) => area.value !== area.defaultValue,
    reset(area) {
      if (area.value !== area.defaultValue) area.value = area.defaultValue;
    },
  },
  select: {
    isTouched: (select) => {
      const options = [...select.options];
      const said = options.filter((option) => option.defaultSelected);
      return said.length > 0 ? options.some((one) => one.selected !== one.defaultSelected) : select.selectedIndex > 0;
    },
    reset(select) {
      for (const option of select.options) option.selected = option.defaultSelected;
      if (select.selectedIndex < 0 && !select.multiple) select.selectedIndex = 0;
    },
  },
};

/** At most one announcement in this time. */
const PAUSE = 10_000;

let region = null;
let waiting = null;
let isAct = false;
let quietUntil = 0;
let timer;

/**
 * Says a text to screen readers, politely. Of several within ten seconds, only the last is said; what the visitor has
 * done (`own`) comes before what others have.
 */
export function announce(text, { own = false } = {}) {
  if (isAct && !own) return;
  waiting = text;
  isAct = own;
  timer ??= setTimeout(
    () => {
      timer = undefined;
      isAct = false;
      quietUntil = Date.now() + PAUSE;
      if (waiting !== region.textContent) region.textContent = waiting;
    },
    // A region that has just come is not read out at once.
    Math.max(200, quietUntil - Date.now()),
  );
  region ??= makeRegion();
}

function makeRegion() {
  const made = document.createElement("p");
  made.className = "visually-hidden";
  made.setAttribute("aria-live", "polite");
  made.dataset.announcements = "";
  document.body.append(made);
  return made;
}
