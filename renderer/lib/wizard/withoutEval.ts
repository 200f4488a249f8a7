/** Must be imported before any schema is made: zod's compiled parsers need eval, which the window forbids. */
import { z } from 'zod';

z.config({ jitless: true });
