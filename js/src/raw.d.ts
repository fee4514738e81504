/** Files as text, for tests that read JSON which no JSON module can hold, such as half a surrogate pair. */
declare module "*?raw" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: this is how Vite gives it
  export default text;
}
