"""A local exchange that speaks Binance spot: REST, market streams and the websocket API.

What the exchange says and understands is decided without I/O (`shapes`, `rest`, `wsapi`, `streams`,
`orders`); `server` alone has sockets and a wall clock. The market behind it is a port (`port`).
"""
