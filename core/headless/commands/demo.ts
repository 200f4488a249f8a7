import type { Command } from 'commander';
import { newCommand } from '../command.ts';
import type { Session } from '../command.ts';
export function demoCommand(_session: Session): Command {
  return newCommand('demo', 'x');
}
