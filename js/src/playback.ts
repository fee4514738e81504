/**
 * The arithmetic of playing: which samples come next, when, and where the sound is at a moment.
 * Pure: whole samples in, whole samples out; seconds only at the border.
 */
export {};
