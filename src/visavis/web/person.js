// @ts-check
/** Who the link says is calling: a token for the server, which may remember the person if they agree to that. */

const person = new URLSearchParams(location.search).get("person") ?? "";

/** An address of the server, with who is calling. @param {string} path */
export const asPerson = (path) => (person ? `${path}?person=${encodeURIComponent(person)}` : path);
