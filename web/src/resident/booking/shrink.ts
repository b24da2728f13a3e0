/** Large pictures made small enough for a slow line, still large enough to read. */

const LARGE = 1_500_000;
const LONGEST_SIDE = 2400;
const QUALITY = 0.85;

/** A picture as an iPhone keeps it; some systems know no type for it. */
export function isHeic(file: File): boolean {
  return /^image\/hei[cf]/.test(file.type) || /\.hei[cf]$/i.test(file.name);
}

/** The same file when it is small, no picture, or cannot be read here. A picture few can open is always drawn anew. */
export async function shrunk(file: File): Promise<File> {
  const foreign = isHeic(file);
  if (!foreign && (file.size < LARGE || !file.type.startsWith("image/"))) return file;
  try {
    const small = await redrawn(file);
    if (small === null || (!foreign && small.size >= file.size)) return file;
    return new File([small], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
  } catch {
    // A picture this browser cannot draw is for the server to judge.
    return file;
  }
}

async function redrawn(file: File): Promise<Blob | null> {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}
