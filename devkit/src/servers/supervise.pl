# Owns one server and ends it once nobody has held its lease for GRACE seconds. In Perl, which whatever builds
# this has anyway: it takes the locks that the clients take (flock(2)), and becomes another user, on every
# system alike. Usage: perl supervise.pl DIR GRACE SIGNAL USER CONTAINER SCRATCH -- COMMAND...
#
#   DIR/launch.lock      held by whoever starts, joins or ends the server
#   DIR/supervisor.lock  held by this process for its life
#   DIR/lease            shared lock of every client process, which ends with the process, however that ends
#   DIR/address          where the server is; there once it answers
#   DIR/stop             asks this process to end now
#   USER                 `uid:gid` that the server runs as, or nothing
use strict;
use warnings;
use Fcntl qw(:flock);
use POSIX qw(:sys_wait_h);

my ($dir, $grace, $signal, $user, $container, $scratch, undef, @command) = @ARGV;
my $is_ended = 0;
$SIG{HUP} = $SIG{INT} = 'IGNORE';
$SIG{TERM} = sub { $is_ended = 1 };

# Perl closes its files in whatever it runs, so nothing but this process holds the lock.
my $lock = take('supervisor.lock') or exit 1;
# What a supervisor that was killed could not remove.
discard(content('container'), content('scratch'));
forget('address', 'stop');
note('container', $container);
note('scratch', $scratch);
my $server = start();
my $guard = guard();
note('owner', $$);

my $idle = 0;
until ($is_ended or waitpid($server, WNOHANG) or !is_ours() or -e "$dir/stop") {
    $idle = take('lease') ? $idle + 1 : 0;
    if ($idle > $grace) {
        # Nobody can join while the launch lock is held, so the second look is the last word.
        my $launch = take('launch.lock');
        last if $launch and take('lease');
        $idle = 0;
    }
    sleep 1;
}
forget('address', 'owner', 'stop', 'container', 'scratch') if is_ours();
end_server();
syswrite $guard, 'done';
system 'rm', '-rf', '--', $dir if $dir =~ m{/cekbrand-private-[^/]*$};
exit 0;

sub start {
    my $pid = fork // die "cannot start a process: $!";
    return $pid if $pid;
    $SIG{HUP} = $SIG{INT} = $SIG{TERM} = 'DEFAULT';
    open STDIN, '<', '/dev/null';
    open STDOUT, '>', "$dir/server.log";
    open STDERR, '>&', \*STDOUT;
    if ($user) {
        my ($uid, $gid) = split /:/, $user;
        $) = "$gid $gid";
        POSIX::setgid($gid);
        POSIX::setuid($uid);
        die "cannot become user $uid" if $< != $uid or $> != $uid;
    }
    exec @command or die "cannot run $command[0]: $!\n";
}

# A process that ends the server should this one be killed: its side of the pipe closes then, without a word.
sub guard {
    pipe(my $heard, my $told) or die "cannot open a pipe: $!";
    my $pid = fork // die "cannot start a process: $!";
    if ($pid) { close $heard; return $told }
    $SIG{TERM} = 'IGNORE';
    close $told;
    close $lock;
    end_server() unless sysread $heard, my $word, 4;
    POSIX::_exit(0);
}

sub end_server {
    $SIG{TERM} = 'IGNORE';
    kill $signal, $server;
    for (1 .. 50) { last unless is_running(); select undef, undef, undef, 0.2 }
    kill 'KILL', $server if is_running();
    waitpid $server, 0;
    discard($container, $scratch);
}

# The guard is not the server's parent: to it waitpid says -1.
sub is_running { return waitpid($server, WNOHANG) <= 0 && kill 0, $server }

sub discard {
    my ($container, $scratch) = @_;
    system 'docker', 'rm', '--force', '--volumes', $container if $container;
    system 'rm', '-rf', '--', $scratch if $scratch;
}

# An exclusive lock on a file of ours for as long as the result lives, or nothing where somebody else has one.
sub take {
    open my $file, '>>', "$dir/$_[0]" or die "cannot open $dir/$_[0]: $!";
    return flock($file, LOCK_EX | LOCK_NB) ? $file : undef;
}

sub is_ours { return content('owner') eq $$ }

sub content {
    open my $file, '<', "$dir/$_[0]" or return '';
    chomp(my $line = <$file> // '');
    return $line;
}

sub note {
    my ($name, $text) = @_;
    open my $file, '>', "$dir/$name" or die "cannot write $dir/$name: $!";
    print $file "$text\n";
    close $file or die "cannot write $dir/$name: $!";
}

sub forget { unlink map { "$dir/$_" } @_ }
