/** Colour arithmetic for the design tokens: OKLCH to linear sRGB, contrast, colour-blind simulation. */

/** Lightness 0–1, chroma, hue in degrees. */
export interface Oklch {
  readonly lightness: number;
  readonly chroma: number;
  readonly hue: number;
}

/** Linear-light sRGB, each channel 0–1 inside the gamut. */
export type LinearRgb = readonly [number, number, number];

const OKLCH_PATTERN = /^oklch\(\s*([\d.]+)(%?)\s+([\d.]+)\s+([\d.]+)\s*\)$/;

/** Reads `oklch(0.5 0.1 200)`; undefined for anything else. */
export function parseOklch(text: string): Oklch | undefined {
  const match = OKLCH_PATTERN.exec(text.trim());
  if (match === null) return undefined;
  const [, lightness, percent, chroma, hue] = match;
  return {
    lightness: Number(lightness) / (percent === '%' ? 100 : 1),
    chroma: Number(chroma),
    hue: Number(hue),
  };
}

/** Ottosson 2020, "A perceptual color space for image processing". */
export function oklchToLinearRgb({ lightness, chroma, hue }: Oklch): LinearRgb {
  const radians = (hue * Math.PI) / 180;
  const a = chroma * Math.cos(radians);
  const b = chroma * Math.sin(radians);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

/** OKLab coordinates of a linear sRGB colour; distances between them are perceptual. */
export function linearRgbToOklab([red, green, blue]: LinearRgb): readonly [number, number, number] {
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** Whether a screen can show the colour, up to rounding to eight bits. */
export function isInGamut(colour: LinearRgb): boolean {
  return colour.every((channel) => channel >= -0.002 && channel <= 1.002);
}

const clamp = (channel: number): number => Math.min(1, Math.max(0, channel));

/** Relative luminance of WCAG 2. */
export function luminance(colour: LinearRgb): number {
  const [red, green, blue] = colour;
  return 0.2126 * clamp(red) + 0.7152 * clamp(green) + 0.0722 * clamp(blue);
}

/** Contrast ratio of WCAG 2, 1 to 21. */
export function contrast(one: LinearRgb, other: LinearRgb): number {
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

export type ColourVision = 'usual' | 'protanopia' | 'deuteranopia' | 'tritanopia';

/** Machado, Oliveira & Fernandes 2009, severity 1, on linear sRGB. */
const VISION: Readonly<Record<ColourVision, readonly LinearRgb[]>> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** How a colour is seen, clamped to the gamut. */
export function seenBy(vision: ColourVision, colour: LinearRgb): LinearRgb {
  const [red, green, blue] = colour.map(clamp) as [number, number, number];
  return VISION[vision].map((row) => clamp(row[0] * red + row[1] * green + row[2] * blue)) as [
    number,
    number,
    number,
  ];
}

/** Euclidean distance in OKLab; about 0.02 is just noticeable. */
export function colourDistance(one: LinearRgb, other: LinearRgb): number {
  const a = linearRgbToOklab(one);
  const b = linearRgbToOklab(other);
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
