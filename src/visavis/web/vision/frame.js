// @ts-check
/**
 * Finds the points of a face in pictures that the call page hands over, and answers with a few numbers.
 *
 * This runs in a sandboxed frame of its own, because the library builds functions from text, which the call page does
 * not allow: here is no access to the call, and the only addresses that can be reached are those of the model's files.
 */
(() => {
  const LONGEST = 320;
  const [NOSE, FOREHEAD, CHIN, RIGHT_CHEEK, LEFT_CHEEK] = [1, 10, 152, 234, 454];
  const [UPPER_LIP, LOWER_LIP, MOUTH_RIGHT, MOUTH_LEFT] = [13, 14, 78, 308];

  const canvas = document.createElement("canvas");
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  /** @type {{x: number, y: number, z: number}[][]} */
  let faces = [];
  // @ts-ignore the library's only name
  const mesh = new FaceMesh({ locateFile: (/** @type {string} */ file) => `model/${file}` });
  mesh.setOptions({ maxNumFaces: 2, refineLandmarks: false });
  mesh.onResults((/** @type {any} */ results) => (faces = results.multiFaceLandmarks ?? []));

  /** The nearest face; measures as in the package's `see/base.py`. @returns {object | null} */
  function observed() {
    const { width, height } = canvas;
    const place = (/** @type {any} */ p) => [p.x * width, p.y * height, p.z * width];
    const apart = (/** @type {any} */ a, /** @type {any} */ b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
    const all = faces.map((points) => points.map(place));
    const [face] = all.sort((a, b) => apart(b[FOREHEAD], b[CHIN]) - apart(a[FOREHEAD], a[CHIN]));
    if (!face) return null;
    const turn = Math.atan2(face[LEFT_CHEEK][2] - face[RIGHT_CHEEK][2], apart(face[LEFT_CHEEK], face[RIGHT_CHEEK]));
    return {
      faces: all.length,
      mouth: apart(face[UPPER_LIP], face[LOWER_LIP]) / Math.max(apart(face[MOUTH_RIGHT], face[MOUTH_LEFT]), 1e-6),
      yaw: (turn * 180) / Math.PI,
      nose: face[NOSE][1] / Math.max(apart(face[FOREHEAD], face[CHIN]), 1),
    };
  }

  addEventListener("message", async ({ data, source }) => {
    if (source !== parent || !(data?.picture instanceof ImageBitmap)) return;
    const shrink = Math.max(1, data.picture.width / LONGEST, data.picture.height / LONGEST);
    canvas.width = Math.round(data.picture.width / shrink);
    canvas.height = Math.round(data.picture.height / shrink);
    pen.drawImage(data.picture, 0, 0, canvas.width, canvas.height);
    data.picture.close();
    try {
      await mesh.send({ image: canvas });
      parent.postMessage({ seen: observed() }, "*");
    } catch {
      parent.postMessage({ failed: true }, "*");
    }
  });
  parent.postMessage({ ready: true }, "*");
})();
