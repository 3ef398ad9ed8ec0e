export function report() { return 0; }
