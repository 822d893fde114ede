// Uses servers over both transports, gives the sessions back, and does nothing to end: neither may keep the process.
import { createMcpPool, type McpServer } from '@antiphon/mcp'

const servers = JSON.parse(process.argv[2] ?? '[]') as McpServer[]
const pool = createMcpPool()
for (const server of servers) {
  const session = pool.open({ label: 's', server, trusted: true })
  const { tools } = await session.tools()
  await session.call(tools[0]!, {})
  session.release()
}
console.log(`${pool.size} sessions are open`)
