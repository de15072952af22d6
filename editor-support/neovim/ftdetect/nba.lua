vim.filetype.add({ extension = { nba = 'nba' } })
