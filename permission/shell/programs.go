package shell

import (
	"strings"
	"sync"
)

// programs is the published table of C12 and of the files that commands name. The notation of options is parseSpec's,
// that of operands spec.role's. "git grep" is what counts behind that subcommand; the option "!" alone says that the
// subcommand itself runs programs. What stands in no table is judged by its words alone.
// It is made when the first command is judged: most runs of the program judge none.
var programs = sync.OnceValue(func() map[string]spec {
	return merged(
		map[string]spec{
			"git":              git("log status diff show branch tag add commit checkout switch restore reset rm mv fetch pull push merge rebase cherry-pick revert stash blame grep ls-files ls-tree ls-remote rev-parse rev-list describe shortlog reflog remote init clone clean apply am archive bundle cat-file check-ignore count-objects fsck gc format-patch for-each-ref merge-base name-rev show-ref symbolic-ref update-index update-ref worktree notes range-diff rerere show-branch sparse-checkout whatchanged version help cherry diff-tree diff-files diff-index hash-object prune repack pack-refs write-tree read-tree commit-tree check-attr check-mailmap column verify-commit verify-tag request-pull annotate stage merge-file merge-tree"),
			"git commit":       {options: parseSpec("-m= --message= -F=r --file=r -t=r --template=r -C= -c= --author= --date= --fixup= --squash= --trailer= -S --cleanup= --pathspec-from-file=r"), operands: "r"},
			"git tag":          {options: parseSpec("-m= --message= -F=r --file=r -u= -n")},
			"git merge":        {options: parseSpec("-m= --message= -F=r --file=r -s=! --strategy=! -X=")},
			"git rebase":       {options: parseSpec("-x=c --exec=c -i! --interactive! -s=! --strategy=! --onto=")},
			"git cherry-pick":  {options: parseSpec("--strategy=! -m=")},
			"git grep":         {options: parseSpec("-O! --open-files-in-pager! -e=p -f=q --threads="), operands: "_r"},
			"git log":          {options: parseSpec("-n= -S= -G= -L= --format= --grep= --author= --since= --until=")},
			"git diff":         {options: parseSpec("-O=r -S= -G=")},
			"git archive":      {options: parseSpec("-o=w --output=w --exec=! --remote=! --format= --prefix= --add-file=r")},
			"git bundle":       {operands: "_ww"},
			"git format-patch": {options: parseSpec("-o=w --output-directory=w -n")},
			"git clone":        {options: parseSpec("-u=! --upload-pack=! -c=! --config=! --template=! --separate-git-dir=! --reference=r -b= --depth= -o=")},
			"git init":         {options: parseSpec("--template=! --separate-git-dir=! -b="), operands: "w"},
			"git rm":           {operands: "w"},
			"git mv":           {operands: "w"},
			"git clean":        {options: parseSpec("-e=")},
			"git worktree":     {operands: "_w"},
			"git am":           {options: parseSpec("-i! --interactive!")},
			"git apply":        {options: parseSpec("--unsafe-paths! --directory=w --build-fake-ancestor=w")},
			"git notes":        {options: parseSpec("-F=r --file=r -m= -C= -c=")},
			"git add":          {options: parseSpec("-i! --interactive! -e! --edit! -p! --patch!")},
			"git help":         {options: parseSpec("-w! --web! -m! --man! -i! --info!"), operands: "_"},
			"git bisect":       flagged(), "git filter-branch": flagged(), "git difftool": flagged(), "git mergetool": flagged(), "git submodule": flagged(),
			"git config": flagged(), "git send-email": flagged(), "git instaweb": flagged(), "git daemon": flagged(), "git gui": flagged(),
			"go":     wordy("-C=d", "build test vet run fmt list mod env get install version doc fix clean work tool generate telemetry bug"),
			"go get": flaggedWith(goSpec()), "go build": goSpec(), "go test": goSpec(), "go vet": goSpec(), "go run": goSpec(), "go install": goSpec(), "go list": goSpec(),
			"go generate": flagged(), "go tool": flagged(), "go bug": flagged(), "go telemetry": flagged(),
			"go env":     {words: true, options: parseSpec("-C=d -w! -u!"), operands: "_"},
			"npm":        sub("-C=d --prefix=d --silent -s -w= --workspace= --script-shell=! --userconfig=! --globalconfig=! --node-options=! --registry=! --cache=w", ""),
			"npm config": flagged(), "npm set": flagged(), "npm exec": flagged(), "npm x": flagged(), "npm init": flagged(), "npm create": flagged(), "npm explore": flagged(),
			"npm install": flagged(), "npm i": flagged(), "npm add": flagged(), "npm ci": flagged(), "npm install-test": flagged(), "npm it": flagged(), "npm update": flagged(),
			"npm publish": flagged(), "npm edit": flagged(), "npm link": flagged(), "npm rebuild": flagged(), "pnpm exec": flagged(), "pnpm dlx": flagged(), "pnpm install": flagged(),
			"pnpm i": flagged(), "pnpm add": flagged(), "yarn exec": flagged(), "yarn dlx": flagged(), "yarn add": flagged(), "yarn install": flagged(), "pip install": flagged(),
			"pip download": flagged(), "pip wheel": flagged(), "cargo install": flagged(), "cargo publish": flagged(), "cargo rustc": flagged(), "npm pkg": flagged(),
			"pnpm":    sub("-C=d --dir=d --silent -s -r -w -F= --filter= --script-shell=! --registry=! --config=!", ""),
			"yarn":    sub("--cwd=d --silent -s --registry=! --use-yarnrc=!", ""),
			"cargo":   plusSub("--config=! -Z= -C=d --manifest-path=r --target-dir=w -q -v --locked --offline --frozen --color=", ""),
			"gh":      sub("-R= --repo=", ""),
			"gh auth": flagged(), "gh api": {options: parseSpec("-F=! --field=! --input=! -X= -H= -q= -t= -f=! --raw-field=! --method=! --cache= --hostname=! -p="), operands: "_"}, "gh alias": flagged(), "gh extension": flagged(), "gh config": flagged(),
			"gh pr":     {options: parseSpec("-b= --body= -t= --title= -F=r --body-file=r -R="), operands: "_"},
			"gh issue":  {options: parseSpec("-b= --body= -t= --title= -F=r --body-file=r -R="), operands: "_"},
			"pip":       {subs: []string{""}, options: parseSpec("-i=! --index-url=! --extra-index-url=! --proxy=! --trusted-host=! --config-settings=! -r=r -c=r -e=r -t=w --target=w --python=! --log=w --cert=r"), operands: "_r"},
			"terraform": {words: true, subs: []string{""}, options: parseSpec("-chdir=d -out=w -state=w")}, "terraform apply": flagged(), "terraform destroy": flagged(),
			"terraform console": flagged(), "terraform init": flagged(),
			"docker": sub("-H=! --host=! --config=! -c=! --context=! -D --debug --tls --tlsverify --tlscacert=r --tlscert=r --tlskey=r -l= --log-level=", ""), "docker run": flagged(),
			"docker exec": flagged(), "docker cp": flagged(), "docker container": flagged(), "docker plugin": flagged(), "docker buildx": flagged(), "podman run": flagged(),
			"podman exec": flagged(), "podman cp": flagged(), "systemctl": sub("-H=! --host=! -M=! --machine=! --user --system --now -q", ""), "systemctl edit": flagged(),
			"kubectl exec": flagged(), "kubectl run": flagged(), "kubectl debug": flagged(), "kubectl edit": flagged(), "kubectl proxy": flagged(), "kubectl cp": flagged(),
			"kubectl plugin": flagged(), "kubectl port-forward": flagged(), "kubectl config": flagged(), "helm": sub("--post-renderer=! --kubeconfig=! --kube-token=! --kube-apiserver=! -n= --namespace=", ""), "helm plugin": flagged(),
			"ip netns": flagged(), "ip vrf": flagged(), "ip": sub("-n=! -netns=! -b=! -batch=!", ""), "aws": sub("--endpoint-url=! --ca-bundle=! --profile= --region= --output= --query=", ""),
			"ansible": flagged(), "ansible-playbook": flagged(), "sysctl": {options: parseSpec("-w! -p! --write! --load! --system!"), operands: "_"},
			"kubectl": sub("-n= --namespace= --context= --kubeconfig=! --token=! -s=! --server=! --as=", ""),
		},
		files("r", "cat tac nl head tail less more wc uniq stat file ls dir du df tree md5sum sha1sum sha256sum sha512sum b2sum cksum sum base32 base64 xxd od hexdump strings cmp diff comm join paste cut column fold fmt expand unexpand rev shuf pr readlink realpath zcat bzcat xzcat gunzip readelf nm objdump size ldd bat batcat eza exa", ""),
		files("w", "rm rmdir unlink shred mkdir touch mkfifo mknod truncate tee setfacl", ""),
		files("m", "gzip bzip2 xz zstd", ""),
		files("m", "mv ln", "-t=w --target-directory=w -S= --suffix="),
		files("rw", "cp", "-t=w --target-directory=w -S= --suffix="),
		files("rw", "install", "-t=w --target-directory=w -m= -o= -g= -S= --strip-program=! --mode= --owner= --group="),
		files("_w", "chmod chown chgrp chattr", "--reference=r"),
		files("_", "echo printf true false : expr seq sleep date basename dirname tr pwd whoami id uname hostname kill jobs wait exit return break continue shift nproc which type uptime ps env printenv yes locale tput clear", ""),
		map[string]spec{
			"test": {options: parseSpec("-v! -R!")},
			"[":    {options: parseSpec("-v! -R!")},
			"head": {options: parseSpec("-n= -c= --lines= --bytes="), operands: "r"}, "tail": {options: parseSpec("-n= -c= -s= --lines= --bytes= --pid="), operands: "r"},
			"cut":    {options: parseSpec("-d= -f= -c= -b= --delimiter= --fields= --characters= --bytes= --output-delimiter="), operands: "r"},
			"uniq":   {options: parseSpec("-f= -s= -w= --skip-fields= --skip-chars= --check-chars="), operands: "ro"},
			"xxd":    {options: parseSpec("-c= -g= -l= -s= -o= -n="), operands: "ro"},
			"date":   {options: parseSpec("-s=! --set=! -d= --date= -f=r --file=r -r=r --reference=r"), operands: "_"},
			"printf": {options: parseSpec("-v=!"), operands: "_"},
			"base64": {options: parseSpec("-w= --wrap= -o=w -i=r"), operands: "r"},
			"file":   {options: parseSpec("-C! --compile! -m=r -f=r --magic-file=r --files-from=r"), operands: "r"},
			"tree":   {options: parseSpec("-o=w -L= -P= -I= --fromfile=r"), operands: "r"},
			"diff":   {options: parseSpec("-U= -C= -x= -X=r -I= -L= -W= --label= --exclude= --color --to-file=r --from-file=r"), operands: "r"},
			"sort":   {options: parseSpec("-o=w --output=w --compress-program=! -T=w --temporary-directory=w -k= -t= -S= --key= --field-separator= --buffer-size= --files0-from=! --parallel= --batch-size= --random-source=r"), operands: "r"},
			"grep":   grepSpec(), "egrep": grepSpec(), "fgrep": grepSpec(), "zgrep": grepSpec(),
			"rg": {options: parseSpec("--pre=! --hostname-bin=! -z! --search-zip! -e=p --regexp=p -f=q --file=q -g= --glob= --iglob= --pre-glob= -t= -T= --type= --type-not= -A= -B= -C= -m= -j= --max-count= --max-depth= -d= -r= --replace= -E= -M= --sort= --sortr= --context= --after-context= --before-context= --color= --colors= --ignore-file=r --engine= --pretty --type-list~ --files~ --no-config"), operands: "_r"},
			"ag": {options: parseSpec("--pager=! -G= -A= -B= -C= -m="), operands: "_r"}, "ack": {options: parseSpec("--pager=! --ackrc=! -A= -B= -C= -m="), operands: "_r"},
			"find": findSpec(), "gfind": findSpec(),
			"fd": fdSpec(), "fdfind": fdSpec(),
			"sed": sedSpec(), "gsed": sedSpec(),
			"awk": awkSpec(), "gawk": awkSpec(), "mawk": awkSpec(), "nawk": awkSpec(),
			"jq": jqSpec(), "gojq": jqSpec(), "jaq": jqSpec(),
			"yq":  {options: parseSpec("-i! --inplace! --in-place! -y -r -P -o= -p= --from-file=! -s=! --split-exp=!"), operands: "_r"},
			"tar": tarSpec(), "gtar": tarSpec(), "bsdtar": tarSpec(),
			"zip": {options: parseSpec("-T! -TT! --unzip-command=! -x= -i= -b=w"), operands: "wr"}, "unzip": {options: parseSpec("-d=w -x="), operands: "r"},
			"split":  {options: parseSpec("--filter=c -b= -l= -n= -a= -C= --bytes= --lines= --number= --suffix-length= --additional-suffix="), operands: "ro"},
			"csplit": {options: parseSpec("-f=w -b= -n= --prefix=w"), operands: "r"},
			"dd":     {options: parseSpec("of=w if=r bs= count= skip= seek= status= conv= iflag= oflag="), operands: "_"},
			"patch":  {options: parseSpec("-o=w -i=r -d=d -p= -r=w --output=w --input=r --directory=d -e! --ed! -B= -z="), operands: "w"},
			"rsync":  {options: parseSpec("-e=! --rsh=! --rsync-path=! --config=! --daemon! -M=! --remote-option=! --log-file=w --files-from=r --exclude-from=r --include-from=r --backup-dir=w -T=w --temp-dir=w --exclude= --include= --write-batch=w --only-write-batch=w --partial-dir=w -f= --filter="), operands: "rw"},
			"make":   makeSpec(), "gmake": makeSpec(),
			"man": {options: parseSpec("-P=c --pager=c -H! --html! -C=! --config-file=! -M=! --manpath=! -l=r --local-file=r --warnings"), operands: "_"},
			"ssh": sshSpec(), "slogin": sshSpec(), "autossh": sshSpec(),
			"scp":  {options: parseSpec("-S=! -o=! -F=! -D=! -J=! -i=r -P= -l= -c="), operands: "rw"},
			"sftp": {options: parseSpec("-S=! -o=! -F=! -D=! -J=! -b=! -s=! -i=r -P="), operands: "_"},
			"curl": curlSpec(),
			"wget": {options: parseSpec("-O=w --output-document=w -o=w --output-file=w -a=w --append-output=w -P=w --directory-prefix=w -e=! --execute=! --use-askpass=! --post-file=! --body-file=! -i=! --input-file=! --config=! --load-cookies=r --save-cookies=w --rejected-log=w --warc-file=w --ca-certificate=r --certificate=r --private-key=r --no-check-certificate! --trust-server-names! --content-disposition! -r! --recursive! -m! --mirror! -x! --force-directories! -p! --page-requisites! -b! --background! -U= --user-agent= --header= --post-data= --method= -t= -T="), operands: "_"},
			"nc":   ncSpec(), "ncat": ncSpec(), "netcat": ncSpec(), "socat": flagged(),
			"vim": editor(), "vi": editor(), "nvim": editor(), "view": editor(), "ex": editor(), "emacs": editor(), "vimdiff": editor(),
			"less":    {plus: true, options: parseSpec("-k=! --lesskey-file=! --lesskey-src=! --lesskey-content=! -o=w -O=w --log-file=w -t=! -p= -P="), operands: "r"},
			"more":    {plus: true, operands: "r"},
			"sqlite3": {words: true, options: parseSpec("-cmd=! -init=! -A!"), operands: "w_"},
			"psql":    {options: parseSpec("-c=! -f=! --command=! --file=! -o=w --output=w -L=w -h= -p= -U= -d="), operands: "_"},
			"mysql":   {options: parseSpec("--pager=! -e=! --execute=! --tee=w --init-command=! --defaults-file=! --defaults-extra-file=!"), operands: "_"},
			"pytest":  {options: parseSpec("-p=! -c=! -o=! --override-ini=! --pdbcls=! --confcutdir=! --rootdir=d --junitxml=w --junit-xml=w --basetemp=w -k= -m= -n= -W= --tb= --maxfail=")},
			"gdb":     flagged(), "lldb": flagged(), "crontab": flagged(), "at": flagged(), "batch": flagged(), "expect": flagged(), "screen": flagged(), "tmux": flagged(),
			"systemd-run": flagged(), "osascript": flagged(), "openssl": {options: parseSpec("-engine! -provider! -out=w -in=r"), words: true, operands: "_"},
			"ctags": {options: parseSpec("-o=w -f=w --options=! -L=r")}, "delta": {options: parseSpec("--pager=!")},
			"bat":          {options: parseSpec("--pager=! --paging= -l= -r= --line-range= --style= --color= --theme="), operands: "r"},
			"clang-format": {options: parseSpec("-i+"), operands: "r"}, "gofmt": {options: parseSpec("-w+ -d -l -s -r="), operands: "r", words: true},
			"tcpdump": {options: parseSpec("-z=! -w=w -r=r -F=r -i= -c="), operands: "_"},
			"history": flagged(), "fc": flagged(), "hash": flagged(), "tclsh": flagged(), "wish": flagged(), "gnuplot": flagged(), "ed": flagged(), "red": flagged(), "script": flagged(),
			"gcc": compiler("-B -fplugin -wrapper -specs --specs -Xclang -load -fuse-ld -fpass-plugin @"), "g++": compiler("-B -fplugin -wrapper -specs --specs @"),
			"cc": compiler("-B -fplugin -wrapper -specs --specs -Xclang -load -fuse-ld @"), "c++": compiler("-B -fplugin -wrapper -specs --specs -Xclang -load @"),
			"clang": compiler("-B -fplugin -Xclang -load -fuse-ld --config -fpass-plugin @"), "clang++": compiler("-B -fplugin -Xclang -load -fuse-ld --config -fpass-plugin @"),
			"rustc": compiler("-C -Z --codegen -L @"), "java": compiler("-javaagent -agentpath -agentlib -Xbootclasspath -XX:OnError -XX:OnOutOfMemoryError @"),
			"javac": compiler("-J -processor -Xplugin @"), "pdflatex": compiler("-shell-escape --shell-escape -enable-write18 --enable-write18"),
			"latex": compiler("-shell-escape --shell-escape"), "xelatex": compiler("-shell-escape --shell-escape"), "lualatex": compiler("-shell-escape --shell-escape"),
			"pandoc": {options: parseSpec("-F=! --filter=! -L=! --lua-filter=! --pdf-engine=! --extract-media=w -o=w --output=w -d=! --defaults=! --template=r --data-dir=!")},
			"cmake":  {words: true, options: parseSpec("-P=! -C=! -E! -B=w -S=r -G= -D=")}, "ninja": {options: parseSpec("-f=! -C=d -j= -k= -t=!"), operands: "_"},
			"gradle":   {options: parseSpec("-I=! --init-script=! -p=d --project-dir=d -b=! -c=! -g=! --include-build=! -D=! -x= --build-file=! --settings-file=!"), operands: "_"},
			"mvn":      {options: parseSpec("-f=r --file=r -s=! --settings=! -gs=! -t=! -P= -pl= -q"), operands: "_"},
			"eslint":   {options: parseSpec("-c=r --config=r --rulesdir=! --plugin=! --resolve-plugins-relative-to=! --parser=! -f=! --format=! -o=w --output-file=w --ext= --max-warnings= --cache-location=w --rule=")},
			"prettier": {options: parseSpec("--plugin=! --config=r --ignore-path=r --parser= --plugin-search-dir=! -w --write -c --check -l")},
		},
		interpreters(),
	)
})

func merged(tables ...map[string]spec) map[string]spec {
	out := map[string]spec{}
	for _, t := range tables {
		for name, s := range t {
			out[name] = s
		}
	}
	return out
}

// files are programs whose operands all have one role.
func files(operands, names, opts string) map[string]spec {
	out := map[string]spec{}
	for name := range strings.FieldsSeq(names) {
		out[name] = spec{options: parseSpec(opts), operands: operands}
	}
	return out
}

// flaggedWith is a subcommand like flagged, whose options are known.
func flaggedWith(s spec) spec {
	s.options[""] = option{kind: runs}
	return s
}

// compiler is a program whose options name plugins, other programs and files of further options.
func compiler(heads string) spec {
	return spec{heads: strings.Fields(heads), words: true, options: parseSpec("-o=w -include=r -I=r -L=r -MF=w -isystem=r -x= -D= -U=")}
}

// flagged is a program or subcommand whose purpose is to run others or to change what is run.
func flagged() spec { return spec{options: map[string]option{"": {kind: runs}}} }

// plusSub is sub for programs where a word that starts with + picks another version of the program.
func plusSub(opts, subs string) spec {
	s := sub(opts, subs)
	s.plus = true
	return s
}

// sub is a program with subcommands, with the options before them.
func sub(opts, subs string) spec {
	s := spec{options: parseSpec(opts), subs: strings.Fields(subs)}
	if len(s.subs) == 0 {
		s.subs = []string{""}
	}
	return s
}

// wordy is sub for programs whose options are whole words with one dash.
func wordy(opts, subs string) spec {
	s := sub(opts, subs)
	s.words = true
	return s
}

// git knows its subcommands, since any other name may be an alias that runs a program.
func git(subs string) spec {
	s := sub(`--output=w --output-directory=w --ext-diff! --textconv! --upload-pack=! --receive-pack=! --exec=! --open-files-in-pager! --template=!
		--extcmd=! --tool=! --separate-git-dir=! --exec-path! --git-dir=! --work-tree=! --config-env=! --contents=r --exclude --oneline --no-ext-diff --no-textconv --tags --recurse-submodules`, subs)
	s.globals = parseSpec(`-c=! --config-env=! --exec-path! --git-dir=! --work-tree=! --namespace=! --super-prefix=! -C=d -P -p! --paginate! --no-pager
		--no-optional-locks --literal-pathspecs --glob-pathspecs --no-replace-objects --bare --version --help`)
	s.closed = true
	return s
}

func goSpec() spec {
	return spec{words: true, options: parseSpec(`-C=d -exec=! -toolexec=! -vettool=! -overlay=! -modfile=! -modcacherw -pkgdir=! -ldflags=l -gcflags=l
		-asmflags=l -gccgoflags=! -compiler=! -o=w -coverprofile=w -cpuprofile=w -memprofile=w -blockprofile=w -mutexprofile=w -trace=w -outputdir=w
		-run= -bench= -skip= -fuzz= -count= -timeout= -p= -tags= -cpu= -parallel= -fuzztime= -benchtime= -shuffle= -covermode= -coverpkg= -mod= -f= -json
		-v -race -short -cover -a -n -x -failfast -benchmem -list= -fuzzminimizetime= -buildmode= -trimpath -work`)}
}

func grepSpec() spec {
	return spec{options: parseSpec(`-e=p --regexp=p -f=q --file=q -A= -B= -C= -m= -d= -D= --include= --exclude= --exclude-dir= --exclude-from=r
		--color= --max-count= --after-context= --before-context= --context= --label= --binary-files= --devices= --directories=`), operands: "_r"}
}

func findSpec() spec {
	return spec{words: true, options: parseSpec(`-exec! -execdir! -ok! -okdir! -delete! -fls=w -fprint=w -fprint0=w -fprintf=w -files0-from=!
		-name= -iname= -path= -ipath= -wholename= -regex= -iregex= -type= -xtype= -size= -mtime= -mmin= -atime= -amin= -ctime= -cmin= -maxdepth=
		-mindepth= -perm= -user= -group= -newer=r -printf= -regextype= -links= -inum= -empty -print -print0 -ls -prune -not -o -a -depth -L -H -P`), operands: "r"}
}

func fdSpec() spec {
	return spec{options: parseSpec(`-x! -X! --exec! --exec-batch! -e= -E= -t= -d= -g -H -I --extension= --exclude= --type= --max-depth= --min-depth=
		-S= -c= --color= --base-directory=d --search-path=r --ignore-file=r --max-results= --changed-within= --changed-before= -j=`), operands: "_r"}
}

func sedSpec() spec {
	return spec{options: parseSpec(`-e=s --expression=s -f=! --file=! -i+ --in-place+ -n -E -r -s -u -z -l= --quiet --silent --posix --regexp-extended
		--separate --null-data --unbuffered --debug --sandbox`), operands: "sr"}
}

func awkSpec() spec {
	return spec{options: parseSpec(`-f=! --file=! -i=! --include=! -l=! --load=! -E=! --exec=! -e=s --source=s -F= -v= --field-separator= --assign= -d! -o! -p! -D!
		--dump-variables! --pretty-print! --profile! --debug! --re-interval --posix --csv`), operands: "sr"}
}

func jqSpec() spec {
	return spec{options: parseSpec(`-f=! --from-file=! -L=! -r -n -c -s -e -S -a -j -C -M -R --raw-output --null-input --compact-output --slurp --sort-keys
		--arg= --argjson= --slurpfile! --rawfile! --argfile! --args --jsonargs --tab --indent= --exit-status --library-path=!`), operands: "sr"}
}

func tarSpec() spec {
	return spec{bundle: true, options: parseSpec(`-I=! -F=! -P! -C=d -f=w -T=r -X=r -g=w -K= -L= -N= -V= -b= -H= --file=w --directory=d --files-from=r --exclude-from=r
		--checkpoint --checkpoint-action=c --to-command=c --use-compress-program=! --rsh-command=! --rmt-command=! --new-volume-script=! --info-script=!
		--absolute-names! --index-file=w --listed-incremental=w --exclude= --transform=! --xform=! --strip-components= --newer= --one-top-level
		--unlink-first --recursive-unlink! --overwrite --to-stdout --volno-file=w`), operands: "r"}
}

func makeSpec() spec {
	return spec{options: parseSpec(`-C=d --directory=d -f=r --file=r --makefile=r -I=r --include-dir=r --eval=! -E=! -j= -l= -k -n -s -B -i -e! --environment-overrides!
		-o= -W= --jobs= --load-average= --silent --dry-run *=!`), operands: "_"}
}

func sshSpec() spec {
	return spec{options: parseSpec(`-o=! -F=! -E=w -i=r -I=! -J=! -S=! -W=! -L=! -R=! -D=! -w=! -O=! -M! -A! -X! -Y! -p= -l= -b= -c= -m= -e= -B= -Q=`), operands: "_"}
}

func curlSpec() spec {
	return spec{options: parseSpec(`-K=! --config=! -T=! --upload-file=! -F=! --form=! --form-string= -o=w --output=w -O! --remote-name! --remote-name-all! -J! --remote-header-name!
		-D=w --dump-header=w -c=w --cookie-jar=w -b=! --cookie=! -E=! --cert=! --key=! --cacert=r --capath=r -n! --netrc! --netrc-file=! --netrc-optional!
		--trace=w --trace-ascii=w --stderr=w --unix-socket=! --abstract-unix-socket=! --resolve=! --connect-to=! --interface=! --dns-servers=!
		--doh-url=! --proxy=! -x=! --preproxy=! --socks4=! --socks4a=! --socks5=! --socks5-hostname=! --proxy-insecure! -k! --insecure! --proto-default=! --proto-redir=! --proto=! --expand-url=! --expand-output=! --expand-form=! --expand-header=!
		--libcurl=w --engine=! --etag-save=w --etag-compare=r --hsts=w --alt-svc=w --output-dir=w --create-dirs --variable=! --expand-data=! --url-query=!
		-d=! --data=! --data-raw= --data-binary=! --data-urlencode=! --data-ascii=! --json=! -w=! --write-out=! -H=! --header=! -q --disable
		-A= --user-agent= -e= --referer= -X= --request= -u= --user= -m= --max-time= --connect-timeout= --retry= --retry-delay= -r= --range= --url=
		-s --silent -S --show-error -L --location -f --fail -i --include -I --head -v --verbose --compressed -Z -g -G --get`), operands: "_"}
}

func ncSpec() spec {
	return spec{options: parseSpec("-e=! -c=! -k! -l! --exec=! --sh-exec=! --lua-exec=! -U! -x=! -X=! -o=w"), operands: "_"}
}

// editor is a program that is not for scripts at all: every way to use it unattended runs commands.
func editor() spec {
	return spec{plus: true, options: parseSpec("-c=! --cmd=! -S=! -s! -W=! -w=! -u=! -U=! -i=! -e! -E! --startuptime=! -l=! --eval=! -f=! --batch! --script=! --load=! -n -R"), operands: "w"}
}

// interpreters run a script; without one they run what they read.
func interpreters() map[string]spec {
	out := map[string]spec{}
	add := func(names, opts string) {
		for name := range strings.FieldsSeq(names) {
			out[name] = spec{options: parseSpec(opts), operands: "Sr"}
		}
	}
	add("python python2 python3 pypy3 python3.11 python3.12 python3.13 python3.14", "-c=! -m=p -i! -W= -X= -u -B -O -E -I -s -S -v -V --version --help -h")
	add("node nodejs", "-e=! --eval=! -p=! --print=! -r=! --require=! --import=! --loader=! --experimental-loader=! -i! --interactive! --inspect! --inspect-brk! --env-file=! --test -c --check -v --version --help -h --run=p")
	add("perl", "-e=! -E=! -n! -p! -i+ -M=! -m=! -I=! -d! -x! -S! -w -c -v --version -V --help -h")
	add("ruby", "-e=! -r=! -I=! -n! -p! -i! -S! -C=d -c -w -v --version --help -h")
	add("php", "-r=! -B=! -R=! -E=! -F=! -S=! -a! -c=! -d=! -z=! -l -v --version --help -h -m")
	add("lua luajit", "-e=! -l=! -i! -v")
	add("Rscript R", "-e=! -f=! --file=! --version --help")
	return out
}
