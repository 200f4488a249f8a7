import { z } from 'zod';

/** λ of the equations: the ½ of the penalties is not part of it. 0 leaves the part out. */
export const strengthSchema = z.number().nonnegative();
