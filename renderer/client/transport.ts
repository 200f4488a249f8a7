/** What carries messages between the window and its host. */
import type { MessageFromWindow, MessageToWindow } from '../../core/workbench/protocol.ts';
import type { ErrorReport } from './errors.ts';

export interface TransportEvents {
  readonly onOpen: () => void;
  readonly onMessage: (message: MessageToWindow) => void;
  /** Once, also when it could not be opened; with the reason where the host knows one. */
  readonly onClose: (reason?: ErrorReport) => void;
}

export interface Transport {
  send(message: MessageFromWindow): void;
  close(): void;
}

export type OpenTransport = (events: TransportEvents) => Transport;
