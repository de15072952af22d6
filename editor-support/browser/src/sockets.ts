// A WebSocket that comes back: when the connection is lost, it tries again every second.

export interface Listener {
  opened(): void;
  message(text: string): void;
  closed(): void;
}

export class Socket {
  private socket: WebSocket | null = null;

  constructor(
    private readonly name: string,
    private readonly listener: Listener,
  ) {
    this.connect();
  }

  get isOpen(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  send(text: string): void {
    if (!this.isOpen) throw new Error('not connected');
    this.socket?.send(text);
  }

  private connect(): void {
    // The address of the page ends with the token and a slash.
    const socket = new WebSocket(new URL(this.name, location.href.replace(/^http/, 'ws')));
    this.socket = socket;
    let wasOpen = false;
    socket.onopen = () => {
      wasOpen = true;
      this.listener.opened();
    };
    socket.onmessage = (event) => this.listener.message(String(event.data));
    socket.onclose = () => {
      if (wasOpen) this.listener.closed();
      setTimeout(() => this.connect(), 1000);
    };
  }
}
