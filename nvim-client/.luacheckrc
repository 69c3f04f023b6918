std = 'luajit'
cache = false
max_line_length = 120
globals = { 'vim' }
files['lua/cachewise/settings.lua'] = { max_line_length = false }
