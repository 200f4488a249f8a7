/**
 * Whether WebGPU would run on hardware. Software Vulkan drivers (SwiftShader, llvmpipe) give right
 * results and are slower than the CPU engine, so `auto` leaves them out; ONNX Runtime does not tell
 * which adapter it got.
 */
import { existsSync, readdirSync } from 'node:fs';

const SOFTWARE_DRIVER = /swiftshader|lvp|llvmpipe|lavapipe/i;

export interface GraphicsSystem {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether a device file exists; with a trailing `*`, whether a name starts so. */
  readonly hasDevice: (path: string) => boolean;
}

const thisSystem: GraphicsSystem = {
  platform: process.platform,
  environment: process.env,
  hasDevice: (path) => {
    if (!path.endsWith('*')) return existsSync(path);
    const slash = path.lastIndexOf('/');
    const [folder, start] = [path.slice(0, slash), path.slice(slash + 1, -1)];
    return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(start));
  },
};

/** Metal and Direct3D always run on hardware; Vulkan does when a device and its driver are there. */
export function hasGraphicsHardware(system: GraphicsSystem = thisSystem): boolean {
  if (system.platform !== 'linux') return true;
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES } = system.environment;
  const drivers = (VK_DRIVER_FILES ?? VK_ICD_FILENAMES ?? '').split(':').filter((path) => path);
  if (drivers.length > 0 && drivers.every((path) => SOFTWARE_DRIVER.test(path))) return false;
  return ['/dev/dri/renderD*', '/dev/nvidia0', '/dev/dxg', '/dev/mali0'].some(system.hasDevice);
}
