"""Maps of every kind of source, and a small invented file of order events."""

L3_MAP = """\
kind = "l3"
order_id = "id"
sequence = "seq"
quantity_is = "change"
[instrument]
symbol = "TOY"
venue = "HERE"
currency = "EUR"
tick = "0.05"
lot = "1"
price_decimals = 3
[time]
column = "when"
unit = "ms"
[price]
column = "price"
[quantity]
column = "size"
[side]
column = "way"
buy = ["B"]
sell = ["S"]
[action]
column = "what"
add = ["NEW"]
reduce = ["SHRINK"]
delete = ["GONE"]
execute = ["FILL"]
replace = ["MOVE"]
trade = ["PRINT"]
clear = ["WIPE"]
ignore = ["PING"]
"""

L3_TEXT = """\
when,seq,id,what,way,price,size
1700000000000,1,a1,NEW,B,10.00,5
1700000000000,2,a2,NEW,B,9.95,8
1700000000001,3,b1,NEW,S,10.05,4
1700000000500,4,a1,FILL,B,10.00,2
1700000000750,5,,PRINT,S,9.975,1
1700000001000,6,b1,SHRINK,S,,1
1700000001250,7,a2,MOVE,B,10.00,6
1700000001300,8,,PING,,,
1700000001400,9,a2,MOVE,B,10.00,4
1700000001500,10,a1,GONE,,,
1700000001500,11,"a1",NEW,B,10.0,1
1700000001750,12,b1,SHRINK,S,,3
1700000002000,13,,WIPE,,,
1700000002000,14,a1,NEW,B,9.90,1
"""

L2_MAP = """\
kind = "l2"
sequence = "q"
one_message = "sequence"
[file]
delimiter = ";"
[instrument]
symbol = "A"
venue = "HERE"
currency = "USD"
tick = "0.5"
lot = "0.01"
[time]
column = "t"
unit = "iso"
timezone = "America/New_York"
backwards = "clamp"
[symbol]
column = "sym"
value = "A"
[price]
column = "p"
[quantity]
column = "n"
[side]
column = "s"
buy = ["bid"]
sell = ["ask"]
"""

L1_MAP = """\
kind = "l1"
[file]
names = ["t", "r", "bp", "bn", "ap", "an"]
[instrument]
symbol = "A"
venue = "HERE"
currency = "USD"
tick = "0.0010"
lot = "0.01"
price_decimals = 4
[time]
column = "t"
unit = "s"
[receive]
column = "r"
unit = "s"
[bid.price]
column = "bp"
scale = "0.0001"
[bid.quantity]
column = "bn"
[ask.price]
column = "ap"
scale = "0.0001"
[ask.quantity]
column = "an"
"""

TRADES_MAP = """\
kind = "trades"
[instrument]
symbol = "A"
venue = "HERE"
currency = "USD"
tick = "0.01"
[time]
column = "t"
unit = "native"
[price]
column = "p"
[quantity]
column = "n"
[side]
column = "s"
buy = ["b"]
sell = ["s"]
unknown = [""]
"""
