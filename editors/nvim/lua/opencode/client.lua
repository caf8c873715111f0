-- The connection: which server a buffer belongs to, how it starts, what is asked of it, and its restart after a crash.
local config = require('opencode.config')

local M = {}

local uv = vim.uv or vim.loop
local crashes = {} -- times of unexpected ends, in milliseconds
local legacy = {} -- Neovim 0.7: root -> client id

function M.clients()
  local found = {}
  local all = vim.lsp.get_clients or vim.lsp.get_active_clients
  for _, client in ipairs(all()) do
    if client.name == 'opencode' and not client.is_stopped(client) then
      table.insert(found, client)
    end
  end
  return found
end

-- of is the client of a buffer, else any, since a prompt can be given from every window.
function M.of(buf)
  local clients = M.clients()
  for _, client in ipairs(clients) do
    if vim.lsp.buf_is_attached(buf, client.id) then
      return client
    end
  end
  return clients[1]
end

local function above(path, names)
  local dir = vim.fn.fnamemodify(path, ':h')
  while true do
    for _, name in ipairs(names) do
      if uv.fs_stat(dir .. '/' .. name) then
        return dir
      end
    end
    local parent = vim.fn.fnamemodify(dir, ':h')
    if parent == dir then
      return nil
    end
    dir = parent
  end
end

-- transcript says whether a path is one of the server's own Markdown files, which belong to no workspace.
function M.transcript(path)
  return path:find('/opencode%-lsp/transcripts/[^/]+%.md$') ~= nil
end

-- root is the workspace of a buffer, nil for buffers that are no files. Files below no marker go with a server that runs
-- already, else with the working directory.
function M.root(buf)
  local name = vim.api.nvim_buf_get_name(buf)
  if name == '' or vim.bo[buf].buftype ~= '' or name:find('^%a+://') or M.transcript(name) then
    return nil
  end
  local path = vim.fn.fnamemodify(name, ':p')
  local marked = above(path, config.get().root_markers)
  if marked then
    return marked
  end
  local running = M.clients()[1]
  if running and running.config.root_dir then
    return running.config.root_dir
  end
  local cwd = uv.cwd()
  local inside = path:sub(1, #cwd + 1) == cwd .. '/'
  return inside and cwd or vim.fn.fnamemodify(path, ':h')
end

local function capabilities()
  local caps = vim.lsp.protocol.make_client_capabilities()
  caps.experimental = vim.tbl_extend('force', caps.experimental or {}, {
    opencode = { permission = true, save = true, diagnostics = true },
  })
  return caps
end

-- exited tells a crash from an end that was asked for. Neovim calls it where most of its functions may not be called.
local function exited(code, signal, id)
  signal = signal or 0
  for root, client in pairs(legacy) do
    if client == id then
      legacy[root] = nil
    end
  end
  if (code == 0 and signal == 0) or signal == 15 then
    return
  end
  vim.defer_fn(function() -- after Neovim's own message, which says less
    if type(vim.v.exiting) ~= 'number' then
      M.crashed(code, signal)
    end
  end, 100)
end

-- message is window/showMessage. What is no error is cut to one line of the screen, since more would stop the user with
-- "Press ENTER"; all of it stands in the transcript.
function M.message(_, params)
  local text = params.message:gsub('%s*\n%s*', ' ')
  local room = vim.o.columns - 14
  if params.type >= 3 and vim.fn.strdisplaywidth(text) > room then
    text = vim.fn.strcharpart(text, 0, room - 1) .. '…'
  end
  local levels = { vim.log.levels.ERROR, vim.log.levels.WARN }
  config.notify(text, levels[params.type])
  return params
end

-- crashed starts the server again for all buffers; the server itself goes on with the session that it has on disk.
function M.crashed(code, signal)
  local now = uv.hrtime() / 1e6
  crashes = vim.tbl_filter(function(at)
    return now - at < 180000
  end, crashes)
  table.insert(crashes, now)
  require('opencode.progress').reset()
  require('opencode.permission').reset()
  if code == 127 or #crashes > config.get().restarts then
    return config.warn(('OpenCode: the server ended (code %s, signal %s) and is not started again: see :checkhealth opencode, then :edit'):format(code, signal))
  end
  config.warn('OpenCode: the server crashed and is started again; the session goes on')
  M.attach_all()
end

-- protocol is what this plugin relies on in the server.
local protocol = 1

-- greeted looks at what a new server says of itself: one from before this plugin says a lower revision, or none.
local function greeted(client, result)
  local own = ((result.capabilities or {}).experimental or {}).opencode or {}
  if (tonumber(own.protocol) or 0) >= protocol or M.told_old then
    return
  end
  M.told_old = true
  local cmd = config.get().cmd
  config.warn(('OpenCode: %s is too old for this plugin; install the current one'):format(type(cmd) == 'table' and cmd[1] or client.name))
end

-- spec is the configuration for vim.lsp.start and vim.lsp.config, without the root.
function M.spec()
  local settings = config.get()
  return {
    name = 'opencode',
    cmd = settings.cmd,
    init_options = next(settings.init_options) and settings.init_options or vim.empty_dict(),
    capabilities = capabilities(),
    handlers = {
      ['opencode/permission'] = require('opencode.permission').asked,
      ['opencode/saveDocuments'] = require('opencode.save').request,
      ['window/showMessageRequest'] = require('opencode.permission').message,
      ['window/showMessage'] = M.message,
      ['$/progress'] = require('opencode.progress').handle,
    },
    on_init = greeted,
    on_exit = exited,
    on_attach = function(_, buf)
      require('opencode.save').note(buf)
      require('opencode.diagnostics').attached(buf)
    end,
    flags = { exit_timeout = 2000 },
  }
end

local function missing(cmd)
  if type(cmd) ~= 'table' or vim.fn.executable(cmd[1]) == 1 then
    return false
  end
  if not M.told then
    M.told = true
    config.warn('OpenCode: ' .. cmd[1] .. ' is not in your PATH; install it or set cmd in vim.g.opencode (see :help opencode-install)')
  end
  return true
end

local function start(spec, buf)
  if config.has(8) then
    return vim.lsp.start(spec, { bufnr = buf })
  end
  local id = legacy[spec.root_dir] or vim.lsp.start_client(spec)
  if id then
    legacy[spec.root_dir] = id
    vim.lsp.buf_attach_client(buf, id)
  end
end

-- attach starts or finds the server of a buffer's workspace. From 0.11 on vim.lsp.enable does it for buffers with a file
-- type, and vim.lsp.config('opencode', …) has the last word.
function M.attach(buf)
  if not vim.api.nvim_buf_is_loaded(buf) then
    return
  end
  local root = M.root(buf)
  if not root then
    return
  end
  local spec = config.has(11) and vim.deepcopy(vim.lsp.config.opencode) or M.spec()
  if missing(spec.cmd) then
    return
  end
  spec.root_dir = root
  spec.workspace_folders = nil
  start(spec, buf)
end

function M.attach_all()
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    M.attach(buf)
  end
end

-- request sends a request; on_result gets its result, errors go to the user in one sentence and to on_error.
function M.request(client, method, params, on_result, on_error)
  local function done(err, result)
    if err then
      config.warn('OpenCode: ' .. (err.message or tostring(err)))
      return on_error and on_error()
    end
    if on_result then
      on_result(result)
    end
  end
  if config.has(11) then
    return client:request(method, params, done, 0)
  end
  return client.request(method, params, done, 0)
end

function M.send(client, method, params)
  if config.has(11) then
    return client:notify(method, params)
  end
  return client.notify(method, params)
end

-- command runs one of the server's commands, of the current buffer's server without a client.
function M.command(name, argument, on_result, client, on_error)
  client = client or M.of(vim.api.nvim_get_current_buf())
  if not client then
    return config.warn('OpenCode: no server runs: open a file of your project first, or see :checkhealth opencode')
  end
  local params = { command = name, arguments = { argument and next(argument) and argument or vim.empty_dict() } }
  M.request(client, 'workspace/executeCommand', params, on_result, on_error)
end

return M
