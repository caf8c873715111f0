-- opencode/saveDocuments: LSP cannot save, so the server asks for it before a command reads the disk.
local M = {}

local uv = vim.uv or vim.loop
local seen = {} -- buffer -> time of the file on disk when the buffer last agreed with it

local function stamp(name)
  local stat = uv.fs_stat(name)
  return stat and (stat.mtime.sec .. '.' .. stat.mtime.nsec .. ':' .. stat.size) or 'none'
end

-- note remembers how the file looks now.
function M.note(buf)
  local name = vim.api.nvim_buf_get_name(buf)
  if name ~= '' and not (seen[buf] and vim.bo[buf].modified) then
    seen[buf] = stamp(name)
  end
end

function M.forget(buf)
  seen[buf] = nil
end

-- save writes one buffer as :update does, with the user's autocommands. A file that something else wrote meanwhile is left
-- alone: Neovim would stop and ask, and the server asks better.
local function save(buf)
  if not vim.api.nvim_buf_is_loaded(buf) then
    return false
  end
  if not vim.bo[buf].modified then
    return true
  end
  local name = vim.api.nvim_buf_get_name(buf)
  local known = seen[buf]
  if vim.bo[buf].buftype ~= '' or vim.bo[buf].readonly or (known and known ~= stamp(name)) then
    return false
  end
  local ok = pcall(vim.api.nvim_buf_call, buf, function()
    vim.cmd('silent lockmarks update')
  end)
  M.note(buf)
  return ok and not vim.bo[buf].modified
end

function M.request(_, params)
  local saved = {}
  for _, uri in ipairs(params.uris or {}) do
    local name = vim.uri_to_fname(uri)
    for _, buf in ipairs(vim.api.nvim_list_bufs()) do
      if vim.api.nvim_buf_get_name(buf) == name and save(buf) then
        table.insert(saved, uri)
      end
    end
  end
  return { saved = saved }
end

return M
