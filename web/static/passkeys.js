/* Forms that are sent with the answer of a passkey. Without this module they are hidden. */

const decode = (text) => {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
};

const encode = (buffer) => {
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

const decodeIds = (list = []) => list.map((one) => ({ ...one, id: decode(one.id) }));

/** Makes a passkey. */
async function create({ publicKey }) {
  const credential = await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: decode(publicKey.challenge),
      user: { ...publicKey.user, id: decode(publicKey.user.id) },
      excludeCredentials: decodeIds(publicKey.excludeCredentials),
    },
  });
  const { response } = credential;
  return {
    ...named(credential),
    response: {
      attestationObject: encode(response.attestationObject),
      clientDataJSON: encode(response.clientDataJSON),
      transports: response.getTransports?.() ?? [],
    },
  };
}

/** Lets a passkey answer. */
async function get({ publicKey }) {
  const credential = await navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: decode(publicKey.challenge),
      allowCredentials: decodeIds(publicKey.allowCredentials),
    },
  });
  const { response } = credential;
  return {
    ...named(credential),
    response: {
      authenticatorData: encode(response.authenticatorData),
      clientDataJSON: encode(response.clientDataJSON),
      signature: encode(response.signature),
      userHandle: response.userHandle ? encode(response.userHandle) : null,
    },
  };
}

const named = ({ id, rawId, type }) => ({ id, rawId: encode(rawId), type, extensions: {} });

/** What went wrong, for people. */
function explain({ name, message }) {
  if (name === "InvalidStateError") return "This device has a passkey for your account already.";
  if (name === "NotAllowedError" || name === "AbortError") return "Nothing was done. Try again when you are ready.";
  if (name === "SecurityError") return "Passkeys work only at the site's own address, over https.";
  return message;
}

/** Asks the site for a challenge. */
async function start(address) {
  const answer = await fetch(address, { method: "POST", headers: { Accept: "application/json" } });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.message ?? "The site didn't answer. Try again.");
  return body;
}

async function send(form) {
  const { passkey, create: isNew } = form.dataset;
  const options = await start(passkey);
  const answer = await (isNew === undefined ? get(options) : create(options));
  form.elements.credential.value = JSON.stringify(answer);
  form.submit();
}

function enable(form) {
  const error = form.querySelector("[data-passkey-error]");
  const button = form.querySelector("button");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    error.hidden = true;
    button.disabled = true;
    try {
      await send(form);
    } catch (reason) {
      error.textContent = explain(reason);
      error.hidden = false;
    }
    button.disabled = false;
  });
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) enable(form);
  for (const hint of document.querySelectorAll("[data-without-passkeys]")) hint.hidden = true;
}
