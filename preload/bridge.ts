import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron'
import { BRIDGE_NAME, CALL_CHANNEL, EVENTS_CHANNEL, type Bridge } from './contract/channels.ts'

// Runs in the sandbox beside the page, which sees the two functions and nothing of Electron.
let streams = 0

const bridge: Bridge = {
  call: (name, request) => ipcRenderer.invoke(CALL_CHANNEL, name, request),
  follow(listen, after) {
    const stream = streams++
    const hear = (_event: IpcRendererEvent, to: number, event: string): void => {
      if (to === stream) listen(event)
    }
    ipcRenderer.on(EVENTS_CHANNEL, hear)
    ipcRenderer.send(EVENTS_CHANNEL, stream, 'follow', after)
    return () => {
      ipcRenderer.off(EVENTS_CHANNEL, hear)
      ipcRenderer.send(EVENTS_CHANNEL, stream, 'leave')
    }
  },
}

contextBridge.exposeInMainWorld(BRIDGE_NAME, bridge)
