const METHODS = { get: "k3", post: "k6", put: "k7", patch: "k8", delete: "k10" };

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

function resolve(root, value) {
  if (!value?.$ref) return value;
  return value.$ref.replace("#/", "").split("/").reduce((place, key) => place?.[key], root);
}

/** A schema in a few words: "integer, 1 to 10", "list of Photo". */
function describe(schema) {
  if (!schema) return "anything";
  if (schema.$ref) return schema.$ref.split("/").pop();
  const choice = schema.oneOf ?? schema.anyOf;
  if (choice) return choice.map(describe).join(" or ");
  if (schema.enum) return schema.enum.join(", ");
  if (schema.type === "array") return `list of ${describe(schema.items)}`;
  const type = [schema.type ?? "object"].flat().join(" or ");
  const { minimum, maximum } = schema;
  if (minimum !== undefined && maximum !== undefined) return `${type}, ${minimum} to ${maximum}`;
  return minimum === undefined ? type : `${type}, from ${minimum}`;
}

function line(name, kind, note, required) {
  const term = make("dt", "", make("code", "", name));
  if (required) term.append(" ", make("small", "", "required"));
  return make("div", "", term, make("dd", "", note ? `${kind}. ${note}` : kind));
}

function section(title, lines) {
  return lines.length === 0 ? "" : make("div", "", make("h3", "", title), make("dl", "lines", ...lines));
}

function bodyLines(root, body) {
  return Object.entries(resolve(root, body)?.content ?? {}).flatMap(([type, { schema }]) => {
    const whole = resolve(root, schema);
    const fields = Object.entries(whole?.properties ?? {});
    if (fields.length === 0) return [line(type, describe(schema), whole?.description)];
    return fields.map(([name, field]) => line(name, describe(field), field.description, whole.required?.includes(name)));
  });
}

/** Whether a call needs a token, and of which scope. One entry of `security` suffices; an empty one means none (OpenAPI 3.1). */
function demand(security = []) {
  if (security.length === 0) return "";
  const isOptional = security.some((way) => Object.keys(way).length === 0);
  const scopes = security.flatMap((way) => way.token ?? []);
  const kind = scopes.length > 0 ? `: that of a session, or one with the scope ${scopes.join(" or ")}` : " of a session";
  return make("p", "", isOptional ? `Takes an access token${kind}, but needs none.` : `Needs an access token${kind}.`);
}

function call(root, path, method, operation) {
  const badge = make("span", `method ${METHODS[method] ?? ""}`, method.toUpperCase());
  const summary = make("summary", "", badge, make("code", "", path), make("span", "call-summary", operation.summary ?? ""));
  const parameters = (operation.parameters ?? []).map((parameter) => resolve(root, parameter));
  const answers = Object.entries(operation.responses ?? {}).map(([status, answer]) => {
    const { description, content } = resolve(root, answer);
    const schema = Object.values(content ?? {})[0]?.schema;
    return line(status, schema ? describe(schema) : "no body", description);
  });
  const body = make(
    "div",
    "call-body",
    operation.description ? make("p", "", operation.description) : "",
    demand(operation.security),
    section("Parameters", parameters.map((one) => line(one.name, `${one.in}: ${describe(one.schema)}`, one.description, one.required))),
    section("Body", bodyLines(root, operation.requestBody)),
    section("Answers", answers),
  );
  return make("details", "call", summary, body);
}

function groups(root) {
  const byTag = new Map((root.tags ?? []).map((tag) => [tag.name, { note: tag.description, calls: [] }]));
  for (const [path, item] of Object.entries(root.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (!(method in METHODS)) continue;
      const tag = operation.tags?.[0] ?? "other";
      if (!byTag.has(tag)) byTag.set(tag, { calls: [] });
      byTag.get(tag).calls.push(call(root, path, method, operation));
    }
  }
  return byTag;
}

function schemas(root) {
  return Object.entries(root.components?.schemas ?? {})
    .filter(([, schema]) => schema.properties)
    .map(([name, schema]) => {
      const fields = Object.entries(schema.properties).map(([key, field]) =>
        line(key, describe(field), field.description, schema.required?.includes(key)),
      );
      const summary = make("summary", "", make("code", "", name), make("span", "call-summary", schema.description ?? ""));
      return make("details", "call", summary, make("div", "call-body", make("dl", "lines", ...fields)));
    });
}

function group(title, note, calls) {
  return make("section", "api-group", make("h2", "", title), note ? make("p", "", note) : "", ...calls);
}

async function show(place) {
  const answer = await fetch(place.dataset.openapi);
  if (!answer.ok) throw new Error(`the API description was answered with ${answer.status}`);
  const root = await answer.json();
  const parts = [...groups(root)]
    .filter(([, { calls }]) => calls.length > 0)
    .map(([name, { note, calls }]) => group(name[0].toUpperCase() + name.slice(1), note, calls));
  const types = schemas(root);
  if (types.length > 0) parts.push(group("Types", "", types));
  place.replaceChildren(...parts);
}

const place = document.querySelector("[data-openapi]");
show(place).catch(() => {
  place.replaceChildren(make("p", "flash bad", "The API description could not be loaded. Reload the page to try again."));
});
