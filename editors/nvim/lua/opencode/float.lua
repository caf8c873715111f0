-- Windows for reading: a float above a question, and a split with the whole text.
local M = {}

local function scratch(lines, filetype)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].bufhidden = 'wipe'
  vim.bo[buf].syntax = filetype
  vim.bo[buf].modifiable = false
  return buf
end

-- open shows the lines at the top of the screen, leaving `below` rows for the question, and returns a function that closes.
function M.open(title, lines, filetype, below)
  local room = math.max(vim.o.lines - vim.o.cmdheight - below - 2, 3)
  local shown = { title }
  for i, line in ipairs(lines) do
    if #shown == room - 1 and i < #lines then
      table.insert(shown, ('… %d more lines: Show details'):format(#lines - i + 1))
      break
    end
    table.insert(shown, line)
  end
  local width = 40
  for _, line in ipairs(shown) do
    width = math.max(width, vim.fn.strdisplaywidth(line))
  end
  local buf = scratch(shown, filetype)
  local win = vim.api.nvim_open_win(buf, false, {
    relative = 'editor', row = 0, col = 1, style = 'minimal', border = 'single', focusable = true,
    width = math.min(width, vim.o.columns - 4), height = #shown,
  })
  vim.cmd('redraw')
  return function()
    if vim.api.nvim_win_is_valid(win) then
      vim.api.nvim_win_close(win, true)
    end
  end
end

-- split shows the whole text below the current window and leaves the cursor where it was.
function M.split(title, lines, filetype)
  local back = vim.api.nvim_get_current_win()
  vim.cmd('botright new')
  vim.api.nvim_win_set_buf(0, scratch(vim.list_extend({ title, '' }, lines), filetype))
  vim.api.nvim_set_current_win(back)
end

return M
